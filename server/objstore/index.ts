export {
  type Bucket,
  type BucketCall,
  type ByteRange,
  type ListPage,
  type ListRequest,
  type ObjectBytes,
  type ObjectInfo,
  type PartTag,
  type ServerSideEncryption,
  type Upload,
  type UploadOptions,
  type UploadPart,
  type WriteOptions,
} from "./bucket.ts";
export type {
  AzureConfig,
  BucketConfig,
  GcsConfig,
  S3Config,
  SwiftConfig,
} from "./bucket-config.ts";
export { cached, type CacheOptions, type CacheRule } from "./cached.ts";
export { encrypted } from "./encrypted.ts";
export { instrumented } from "./instrumented.ts";
export { listPages } from "./list-all.ts";
export { createMemoryBucket } from "./memory.ts";
export { type BucketMetrics, createBucketMetrics } from "./metrics.ts";
export { type BucketWorld, openBucket } from "./open-bucket.ts";
export { prefixed } from "./prefixed.ts";
export { readPieces, readWholeObject, type WholeOptions } from "./read-object.ts";
export { defaultRetryPolicy, retrying, type RetryPolicy, type RetryWorld } from "./retrying.ts";
export { type ObjectSource, uploadObject } from "./upload-object.ts";
export { checkBucket, type CheckWorld } from "./start-check.ts";
