import { crc32 } from "node:zlib";

/**
 * A record of the write log (little-endian):
 *
 *   0  u32  size of the body
 *   4  u32  crc32 (IEEE) of the body
 *   8  u8   type
 *   9  u24  low bits of the crc32 of bytes 0 to 8
 *  12       body
 *
 * The header checks itself, so that the length of a record with a damaged body can still be
 * trusted, and so that a reader that lost its way finds the next record cheaply.
 */
export const recordHeaderSizeBytes = 12;

/** What a body holds; the numbers are part of the format. */
export const recordTypes: {
  /** u32 index, then the tenant's id as UTF-8; precedes the first batch of the tenant. */
  readonly tenant: 1;
  /** The kernel's record of a batch. */
  readonly batch: 2;
  /** A range of time in which acknowledged samples were lost; see holes.ts. */
  readonly hole: 3;
} = { tenant: 1, batch: 2, hole: 3 };

/** One of `recordTypes`. */
export type RecordType = (typeof recordTypes)[keyof typeof recordTypes];

/** A record that is to be written. The body is borrowed for the call. */
export interface LogRecord {
  readonly type: RecordType;
  readonly body: Uint8Array;
}

/** A header that checked out. */
export interface RecordHeader {
  readonly sizeBytes: number;
  readonly crc: number;
  readonly type: RecordType;
}

/** Writes the record to `target` at `at`, which must have room; returns the position after it. */
export function writeRecord(target: Uint8Array, at: number, record: LogRecord): number {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint32(at, record.body.length, true);
  view.setUint32(at + 4, crc32(record.body), true);
  target[at + 8] = record.type;
  const check = headerCheck(target, at);
  target[at + 9] = check;
  target[at + 10] = check >>> 8;
  target[at + 11] = check >>> 16;
  target.set(record.body, at + recordHeaderSizeBytes);
  return at + recordHeaderSizeBytes + record.body.length;
}

/** Reads the header at `at`; undefined when it is damaged or does not fit into `bytes`. */
export function readRecordHeader(bytes: Uint8Array, at: number): RecordHeader | undefined {
  if (at + recordHeaderSizeBytes > bytes.length) return undefined;
  const type = bytes[at + 8];
  // Looked at first: it makes the search for the next record after damage cheap.
  if (type !== 1 && type !== 2 && type !== 3) return undefined;
  const check = bytes[at + 9]! | (bytes[at + 10]! << 8) | (bytes[at + 11]! << 16);
  if (check !== headerCheck(bytes, at)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { sizeBytes: view.getUint32(at, true), crc: view.getUint32(at + 4, true), type };
}

/** True when the body is what was written. */
export function isIntact(header: RecordHeader, body: Uint8Array): boolean {
  return crc32(body) === header.crc;
}

function headerCheck(bytes: Uint8Array, at: number): number {
  return crc32(bytes.subarray(at, at + 9)) & 0xff_ffff;
}
