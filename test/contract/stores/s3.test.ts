import { openS3Bucket } from "../../../server/objstore/s3.ts";
import { startFaultProxy } from "../../support/object-stores/fault-proxy.ts";
import { startS3OnSwift } from "../../support/object-stores/s3-on-swift.ts";
import { bucketSuite } from "../bucket-suite.ts";
import { faultSuite } from "../fault-suite.ts";

const title = "S3, as OpenStack Swift's s3api speaks it";
const need = { requirement: "swift" };

bucketSuite(
  title,
  async () => {
    const { server, config } = await startS3OnSwift();
    const bucket = openS3Bucket(config);
    const close = async (): Promise<void> => {
      await bucket.close();
      await server.stop();
    };
    return { bucket, close };
  },
  need,
);

faultSuite(
  title,
  async () => {
    const { server, config } = await startS3OnSwift();
    const proxy = await startFaultProxy(server.port);
    const driver = openS3Bucket({ ...config, endpoint: `127.0.0.1:${proxy.port}` });
    const close = async (): Promise<void> => {
      await driver.close();
      await proxy.close();
      await server.stop();
    };
    return { driver, proxy, close };
  },
  need,
);
