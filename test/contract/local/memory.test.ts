import { createMemoryBucket } from "../../../server/objstore/index.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import { bucketSuite } from "../bucket-suite.ts";

bucketSuite("memory", async () => {
  const bucket = createMemoryBucket({ clock: systemClock });
  return { bucket, close: () => bucket.close() };
});
