import { openAzureBucket } from "../../../server/objstore/azure.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { startAzurite } from "../../support/object-stores/azurite.ts";
import { startFaultProxy } from "../../support/object-stores/fault-proxy.ts";
import { bucketSuite } from "../bucket-suite.ts";
import { faultSuite } from "../fault-suite.ts";

const title = "Azure Blob Storage, as Azurite speaks it";
const need = { requirement: "azurite" };
const world = { clock: systemClock, prng: seededPrng(process.pid) };

bucketSuite(
  title,
  async () => {
    const server = await startAzurite();
    const bucket = await openAzureBucket(server.configAt(server.port), world);
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
    const server = await startAzurite();
    const proxy = await startFaultProxy(server.port);
    const driver = await openAzureBucket(server.configAt(proxy.port), world);
    const close = async (): Promise<void> => {
      await driver.close();
      await proxy.close();
      await server.stop();
    };
    return { driver, proxy, close };
  },
  need,
);
