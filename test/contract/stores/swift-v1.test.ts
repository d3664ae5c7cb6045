import { openSwiftBucket } from "../../../server/objstore/swift.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { startFaultProxy } from "../../support/object-stores/fault-proxy.ts";
import { startSwiftVersion1 } from "../../support/object-stores/swift-containers.ts";
import { bucketSuite } from "../bucket-suite.ts";
import { faultSuite } from "../fault-suite.ts";

const title = "OpenStack Swift, v1 auth";
const need = { requirement: "swift" };
const world = { clock: systemClock, prng: seededPrng(process.pid), environment: {} };

bucketSuite(
  title,
  async () => {
    const { server, config } = await startSwiftVersion1();
    const bucket = openSwiftBucket(config, world);
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
    const { server, config } = await startSwiftVersion1();
    // Swift names the address that it was asked at: what follows the login takes the proxy too.
    const proxy = await startFaultProxy(server.port);
    const authUrl = `http://127.0.0.1:${proxy.port}/auth/v1.0`;
    const driver = openSwiftBucket({ ...config, authUrl }, world);
    const close = async (): Promise<void> => {
      await driver.close();
      await proxy.close();
      await server.stop();
    };
    return { driver, proxy, close };
  },
  need,
);
