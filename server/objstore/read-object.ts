import { urdError } from "../model/index.ts";
import { assert } from "../platform/base/index.ts";
import { type Bucket, type BucketCall, type ObjectBytes, readSizeBytesMax } from "./bucket.ts";

/**
 * One request moves this much of a large object: enough that the latency of a request (30 to 100
 * ms on S3) costs little, few enough that a broken one is cheap to repeat.
 */
const windowSizeBytes = 8 * 1024 * 1024;

/** A bound on what is read whole. */
export interface WholeOptions extends BucketCall {
  /** Larger objects are refused with `bucket-object-too-large` before memory is spent on them. */
  readonly sizeBytesMax: number;
}

/** Reads a whole object; undefined when there is none. All bytes are of one version. */
export async function readWholeObject(
  bucket: Bucket,
  name: string,
  options: WholeOptions,
): Promise<Uint8Array | undefined> {
  assert(options.sizeBytesMax <= readSizeBytesMax, "too large to be read whole: use readPieces");
  const sizeBytes = Math.max(1, Math.min(windowSizeBytes, options.sizeBytesMax));
  const first = await bucket.read(name, { offsetBytes: 0, sizeBytes }, options);
  if (first === undefined) return undefined;
  const { objectSizeBytes } = first;
  if (objectSizeBytes > options.sizeBytesMax) throw tooLarge(bucket, name, first, options);
  if (first.bytes.length === objectSizeBytes) return first.bytes;
  const whole = new Uint8Array(objectSizeBytes);
  whole.set(first.bytes);
  let offsetBytes = first.bytes.length;
  for await (const piece of laterPieces(bucket, name, first, options)) {
    whole.set(piece, offsetBytes);
    offsetBytes += piece.length;
  }
  return whole;
}

/**
 * Reads an object of any size from front to end, in pieces of at most 8 MiB; undefined when there
 * is none. All pieces are of one version: when the object is replaced meanwhile the next piece
 * fails with `bucket-object-changed`. The next piece is fetched when it is asked for.
 */
export async function readPieces(
  bucket: Bucket,
  name: string,
  call: BucketCall,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const first = await bucket.read(name, { offsetBytes: 0, sizeBytes: windowSizeBytes }, call);
  return first === undefined ? undefined : allPieces(bucket, name, first, call);
}

async function* allPieces(
  bucket: Bucket,
  name: string,
  first: ObjectBytes,
  call: BucketCall,
): AsyncGenerator<Uint8Array> {
  if (first.bytes.length > 0) yield first.bytes;
  yield* laterPieces(bucket, name, first, call);
}

async function* laterPieces(
  bucket: Bucket,
  name: string,
  first: ObjectBytes,
  call: BucketCall,
): AsyncGenerator<Uint8Array> {
  const { objectSizeBytes, version } = first;
  let offsetBytes = first.bytes.length;
  while (offsetBytes < objectSizeBytes) {
    const sizeBytes = Math.min(windowSizeBytes, objectSizeBytes - offsetBytes);
    const piece = await bucket.read(name, { offsetBytes, sizeBytes, version }, call);
    if (piece?.bytes.length !== sizeBytes) throw goneWhileRead(bucket, name);
    yield piece.bytes;
    offsetBytes += sizeBytes;
  }
}

function goneWhileRead(bucket: Bucket, name: string): Error {
  return urdError(
    "bucket-object-changed",
    `cannot read ${name} in ${bucket.address}: the object was deleted meanwhile`,
  );
}

function tooLarge(
  bucket: Bucket,
  name: string,
  { objectSizeBytes }: ObjectBytes,
  { sizeBytesMax }: WholeOptions,
): Error {
  return urdError(
    "bucket-object-too-large",
    `${name} in ${bucket.address} has ${objectSizeBytes} bytes, more than ${sizeBytesMax}`,
    { limit: sizeBytesMax },
  );
}
