import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBucketMetrics, openBucket } from "../../../server/objstore/index.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { createMetricRegistry } from "../../../server/platform/telemetry/index.ts";
import { nodeVfs } from "../../../server/platform/vfs/index.ts";
import { bucketSuite } from "../bucket-suite.ts";

bucketSuite("filesystem, as a process opens it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "urd-bucket-"));
  const directory = join(folder, "made/when/missing");
  const bucket = await openBucket(
    { backend: "filesystem", directory },
    {
      vfs: nodeVfs,
      clock: systemClock,
      prng: seededPrng(process.pid),
      environment: {},
      metrics: createBucketMetrics(createMetricRegistry())("blocks"),
    },
  );
  const close = async (): Promise<void> => {
    await bucket.close();
    rmSync(folder, { recursive: true });
  };
  return { bucket, close };
});
