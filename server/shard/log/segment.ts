import { crc32 } from "node:zlib";

/**
 * A segment is a file `<sequence>.log`: a header, then records. A position is the number of
 * record bytes that the log held before, over all segments; it never falls. The header
 * (little-endian):
 *
 *   0  u32  magic "URDL"      8  u32  shard         16  f64  position of the first record
 *   4  u32  version          12  u32  sequence      24  u32  reserved    28  u32  crc32 of 0 to 27
 *
 * A segment counts only up to the position at which the next one starts: what stands there
 * beyond was written again.
 */
export const segmentHeaderSizeBytes = 32;

const magic = 0x4c445255;

/** Versions of the log's format: 1 is the first. */
export const logFormat: { readonly newest: 1 } = { newest: 1 };

/** What a segment's header says. */
export interface SegmentHeader {
  readonly shard: number;
  readonly sequence: number;
  readonly startPosition: number;
}

/** Makes the bytes of a header. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderSizeBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, logFormat.newest, true);
  view.setUint32(8, header.shard, true);
  view.setUint32(12, header.sequence, true);
  view.setFloat64(16, header.startPosition, true);
  view.setUint32(28, crc32(bytes.subarray(0, 28)), true);
  return bytes;
}

/** Reads a header: "damaged", or the version when it is one that this program does not know. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): SegmentHeader | "damaged" | { readonly version: number } {
  if (bytes.length < segmentHeaderSizeBytes) return "damaged";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) return "damaged";
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28))) return "damaged";
  const version = view.getUint32(4, true);
  if (version !== logFormat.newest) return { version };
  return {
    shard: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    startPosition: view.getFloat64(16, true),
  };
}

/** Name of a segment's file. */
export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(8, "0")}.log`;
}

/** Sequence of a segment's file name; undefined when the file is something else. */
export function segmentSequence(name: string): number | undefined {
  return /^\d{8,}\.log$/.test(name) ? Number.parseInt(name, 10) : undefined;
}
