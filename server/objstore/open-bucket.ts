import type { Clock, Prng } from "../platform/base/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import type { Bucket } from "./bucket.ts";
import type { BucketConfig } from "./bucket-config.ts";
import { openFilesystemBucket } from "./filesystem.ts";
import { instrumented } from "./instrumented.ts";
import type { BucketMetrics } from "./metrics.ts";
import { defaultRetryPolicy, retrying } from "./retrying.ts";

/** What buckets need of the world. */
export interface BucketWorld {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly prng: Prng;
  /** Variables that may name credentials; `process.env` in the server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly metrics: BucketMetrics;
}

/**
 * Opens the bucket that a configuration names, counted and with retries. Only the client of the
 * store in use is loaded: each of them costs 150 to 500 ms and up to 40 MB. Nothing is sent yet;
 * `checkBucket` says whether the bucket can be used.
 */
export async function openBucket(config: BucketConfig, world: BucketWorld): Promise<Bucket> {
  const driver = await openDriver(config, world);
  return retrying(instrumented(driver, world), defaultRetryPolicy, world);
}

async function openDriver(config: BucketConfig, world: BucketWorld): Promise<Bucket> {
  switch (config.backend) {
    case "filesystem":
      return openFilesystemBucket(config.directory, world);
    case "s3":
      return (await import("./s3.ts")).openS3Bucket(config);
    case "gcs":
      return (await import("./gcs.ts")).openGcsBucket(config);
    case "azure":
      return (await import("./azure.ts")).openAzureBucket(config, world);
    case "swift":
      return (await import("./swift.ts")).openSwiftBucket(config, world);
  }
}
