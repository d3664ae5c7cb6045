import { openGcsBucket } from "../../../server/objstore/gcs.ts";
import { startFakeGcs } from "../../support/object-stores/fake-gcs.ts";
import { startFaultProxy } from "../../support/object-stores/fault-proxy.ts";
import { bucketSuite } from "../bucket-suite.ts";
import { faultSuite } from "../fault-suite.ts";

const title = "a fake of Google Cloud Storage (no emulator is to be had)";

bucketSuite(title, async () => {
  const server = await startFakeGcs();
  const endpoint = `http://127.0.0.1:${server.port}`;
  const bucket = openGcsBucket({ bucketName: "urd-blocks", endpoint });
  const close = async (): Promise<void> => {
    await bucket.close();
    await server.close();
  };
  return { bucket, close };
});

faultSuite(title, async () => {
  const server = await startFakeGcs();
  const proxy = await startFaultProxy(server.port);
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const driver = openGcsBucket({ bucketName: "urd-blocks", endpoint });
  const close = async (): Promise<void> => {
    await driver.close();
    await proxy.close();
    await server.close();
  };
  return { driver, proxy, close };
});
