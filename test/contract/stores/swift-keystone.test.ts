import { openSwiftBucket } from "../../../server/objstore/swift.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { startSwiftVersion3 } from "../../support/object-stores/swift-containers.ts";
import { bucketSuite } from "../bucket-suite.ts";

bucketSuite(
  "OpenStack Swift, Keystone v3",
  async () => {
    const { server, config } = await startSwiftVersion3();
    const world = { clock: systemClock, prng: seededPrng(process.pid), environment: {} };
    const bucket = openSwiftBucket(config, world);
    const close = async (): Promise<void> => {
      await bucket.close();
      await server.stop();
    };
    return { bucket, close };
  },
  { requirement: "keystone" },
);
