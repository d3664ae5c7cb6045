import { cached, createMemoryBucket } from "../../../server/objstore/index.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import { bucketSuite } from "../bucket-suite.ts";

bucketSuite("memory behind a cache that keeps everything", async () => {
  const dayMs = 86_400_000;
  const rule = { matches: () => true, headTtlMs: dayMs, missingTtlMs: dayMs, bytesTtlMs: dayMs };
  const options = { rules: [rule], listTtlMs: () => dayMs, sizeBytesMax: 8 * 1024 * 1024 };
  const bucket = cached(createMemoryBucket({ clock: systemClock }), options, {
    clock: systemClock,
  });
  return { bucket, close: () => bucket.close() };
});
