import { assert } from "../platform/base/index.ts";
import { type ByteRange, readSizeBytesMax } from "./bucket.ts";

/** Throws unless a range is one that may be asked for: what is read is held in memory at once. */
export function assertRange({ offsetBytes, sizeBytes }: ByteRange): void {
  assert(Number.isSafeInteger(offsetBytes) && offsetBytes >= 0, "a range starts before its object");
  const isBounded = Number.isSafeInteger(sizeBytes) && sizeBytes >= 1;
  assert(isBounded && sizeBytes <= readSizeBytesMax, `a range of ${sizeBytes} bytes is not read`);
}
