import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFilesystemBucket } from "../../../server/objstore/index.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { nodeVfs } from "../../../server/platform/vfs/index.ts";
import { bucketSuite } from "../bucket-suite.ts";

bucketSuite("filesystem", async () => {
  const directory = mkdtempSync(join(tmpdir(), "urd-bucket-"));
  const world = { vfs: nodeVfs, clock: systemClock, prng: seededPrng(process.pid) };
  const bucket = openFilesystemBucket(join(directory, "made/when/missing"), world);
  return { bucket, close: async () => rmSync(directory, { recursive: true }) };
});
