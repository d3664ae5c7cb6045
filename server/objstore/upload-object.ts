import { assert } from "../platform/base/index.ts";
import {
  type Bucket,
  type PartTag,
  partCountMax,
  partSizeBytesMin,
  readSizeBytesMax,
  type Upload,
  type UploadPart,
  type WriteOptions,
} from "./bucket.ts";

/** Bytes of a known number, read piece by piece. */
export interface ObjectSource {
  readonly sizeBytes: number;
  /** Fills `target` from `offsetBytes` on; throws when the source cannot give so many bytes. */
  fill(target: Uint8Array, offsetBytes: number): Promise<void> | void;
}

/** Parts that are under way at once. With 8 MiB parts an upload holds 32 MiB. */
const partsInFlightMax = 4;

/** Objects up to this size are written by one request; larger ones in parts of this size at least. */
const partSizeBytesWanted = 8 * 1024 * 1024;

/** GCS takes multiples of it only. */
const partSizeStepBytes = 256 * 1024;

/**
 * Uploads an object of any size. It becomes visible whole or not at all; after a failure nothing
 * of it is left where the store lets itself be told. Memory: at most four parts.
 */
export async function uploadObject(
  bucket: Bucket,
  name: string,
  job: { source: ObjectSource; options: WriteOptions },
): Promise<void> {
  const { source, options } = job;
  if (source.sizeBytes <= partSizeBytesWanted) {
    const bytes = new Uint8Array(source.sizeBytes);
    await source.fill(bytes, 0);
    await bucket.write(name, bytes, options);
    return;
  }
  const partSizeBytes = partSizeFor(source.sizeBytes);
  const upload = await bucket.startUpload(name, { ...options, partSizeBytes });
  try {
    const tags = await storeParts(upload, { source, options, partSizeBytes });
    await upload.complete(tags, options);
  } catch (error) {
    await abortQuietly(upload);
    throw error;
  }
}

/** The smallest part size with which an object fits into the number of parts allowed. */
export function partSizeFor(objectSizeBytes: number): number {
  const needed = Math.ceil(objectSizeBytes / partCountMax / partSizeStepBytes) * partSizeStepBytes;
  const partSizeBytes = Math.max(partSizeBytesWanted, partSizeBytesMin, needed);
  assert(partSizeBytes <= readSizeBytesMax, `an object of ${objectSizeBytes} bytes is too large`);
  return partSizeBytes;
}

interface PartsJob {
  readonly source: ObjectSource;
  readonly options: WriteOptions;
  readonly partSizeBytes: number;
}

/** Stores all parts, some at once when the store allows it. Returns when none is under way. */
async function storeParts(upload: Upload, job: PartsJob): Promise<PartTag[]> {
  const { source, partSizeBytes } = job;
  const count = Math.ceil(source.sizeBytes / partSizeBytes);
  const tags = new Array<PartTag>(count);
  let next = 0;
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    try {
      while (next < count && !hasFailed) {
        const number = next++;
        const part = await readPart(job, { number, isLast: number === count - 1 });
        tags[number] = await upload.storePart(part, job.options);
      }
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  const lanes = upload.parallel ? Math.min(partsInFlightMax, count) : 1;
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason as Error;
  return tags;
}

async function readPart(
  { source, partSizeBytes }: PartsJob,
  at: { number: number; isLast: boolean },
): Promise<UploadPart> {
  const offsetBytes = at.number * partSizeBytes;
  const bytes = new Uint8Array(Math.min(partSizeBytes, source.sizeBytes - offsetBytes));
  await source.fill(bytes, offsetBytes);
  return { ...at, bytes };
}

/** The failure that led here matters; what is left behind is invisible. */
async function abortQuietly(upload: Upload): Promise<void> {
  try {
    await upload.abort({ timeoutMs: 30_000 });
  } catch {
    // Stores drop unfinished parts by their own rules (a lifecycle rule on S3, a week on Azure).
  }
}
