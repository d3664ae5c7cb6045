import { ulid } from "ulid";
import { parseTenantId, urdError } from "../model/index.ts";
import { type Clock, errorText, type Prng, UrdError } from "../platform/base/index.ts";
import type { Bucket, BucketCall } from "./bucket.ts";

/** Where Urd and its kin keep what belongs to no tenant. Nobody's tenant may be called so. */
const clusterFolders: ReadonlySet<string> = new Set(["__urd_cluster/", "__mimir_cluster/"]);

/** Folders that are looked into: a stranger's layout shows in the first few. */
const foldersLookedIntoMax = 20;

const ulidPattern = /^[0-9A-HJKMNP-TV-Z]{26}\/$/;

/**
 * What lies directly in a tenant's folder: blocks by their ULIDs, marks, the index, and what Mimir
 * and Cortex keep there beside them.
 */
const tenantEntries: ReadonlySet<string> = new Set([
  "markers/",
  "debug/",
  "bucket-index.json.gz",
  "bucket-index.json",
  "tenant-deletion-mark.json",
]);

/** What the check needs of the world. */
export interface CheckWorld {
  readonly clock: Clock;
  readonly prng: Prng;
}

/**
 * Finds out whether a bucket can hold blocks: it is there, it can be listed, written, read and
 * deleted from, and it holds nothing but blocks in Urd's layout (which is Mimir's). Throws
 * `bucket-unusable` with a sentence that says what to do. Leaves nothing behind.
 */
export async function checkBucket(
  bucket: Bucket,
  world: CheckWorld,
  call: BucketCall,
): Promise<void> {
  await checkLayout(bucket, call);
  await checkWriting(bucket, world, call);
}

async function checkLayout(bucket: Bucket, call: BucketCall): Promise<void> {
  const hint = "does it exist, and may these credentials list it?";
  const step = { bucket, hint };
  const top = await tell(step, () => bucket.list({ prefix: "", recursive: false }, call));
  const stray = top.objects[0];
  if (stray !== undefined) throw foreign(bucket, `the object ${stray.name} at its top`);
  for (const folder of top.folders.slice(0, foldersLookedIntoMax)) {
    if (clusterFolders.has(folder)) continue;
    if (ulidPattern.test(folder)) throw blocksAtTop(bucket, folder);
    const request = { prefix: folder, recursive: false };
    const { objects, folders } = await tell(step, () => bucket.list(request, call));
    const entries = [...objects.map((info) => info.name), ...folders];
    if (!isTenant(folder) || !entries.some((entry) => isTenantEntry(entry.slice(folder.length)))) {
      throw foreign(bucket, `the folder ${folder}, in which there are no blocks`);
    }
  }
}

async function checkWriting(bucket: Bucket, world: CheckWorld, call: BucketCall): Promise<void> {
  const { clock, prng } = world;
  const name = `__urd_cluster/start-check-${ulid(clock.nowMs(), () => prng.next())}`;
  const bytes = new TextEncoder().encode(name);
  const may = (does: string): Step => ({
    bucket,
    hint: `these credentials must be allowed to ${does} objects`,
  });
  await tell(may("write"), () => bucket.write(name, bytes, call));
  const range = { offsetBytes: 0, sizeBytes: 1024 };
  const read = await tell(may("read"), () => bucket.read(name, range, call));
  if (read === undefined || Buffer.compare(read.bytes, bytes) !== 0) {
    throw unusable(bucket, "what was written cannot be read back", "is it a store of its own?");
  }
  await tell(may("delete"), () => bucket.delete(name, call));
}

interface Step {
  readonly bucket: Bucket;
  /** What to look into when the store refuses. */
  readonly hint: string;
}

/** Runs a step; what it throws becomes a sentence about starting. */
async function tell<T>({ bucket, hint }: Step, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UrdError)) throw error;
    const isDown = error.entry.retryable;
    const what = isDown ? "the store does not answer" : hint;
    throw unusable(bucket, errorText(error), what, error);
  }
}

function isTenant(folder: string): boolean {
  return typeof parseTenantId(folder.slice(0, -1)) === "string";
}

function isTenantEntry(entry: string): boolean {
  return tenantEntries.has(entry) || ulidPattern.test(entry);
}

function blocksAtTop(bucket: Bucket, folder: string): UrdError {
  const what = `it holds the block ${folder.slice(0, -1)} at its top, as Prometheus and Thanos keep them`;
  const todo = "use an empty bucket or a storage prefix, and import these blocks";
  return unusable(bucket, what, todo);
}

function foreign(bucket: Bucket, what: string): UrdError {
  const todo = "use an empty bucket, or a storage prefix within this one";
  return unusable(bucket, `it holds ${what}, which Urd did not store`, todo);
}

function unusable(bucket: Bucket, why: string, todo: string, cause?: unknown): UrdError {
  const message = `the bucket ${bucket.address} cannot be used: ${why}; ${todo}`;
  return urdError("bucket-unusable", message, cause === undefined ? {} : { cause });
}
