import { crc32 } from "node:zlib";

/**
 * A snapshot is a file `<sequence>.snapshot` (little-endian): a header, sections, and a last
 * section of type `end`. It counts only when every section is whole and the end is there.
 *
 *   header    0 u32 magic "URDS"  4 u32 version  8 u32 shard  12 u32 sequence
 *            16 f64 log position of the first slice   24 u32 reserved   28 u32 crc32 of 0 to 27
 *   section   0 u32 type          4 u32 size of the body      8 u32 crc32 of the body
 *            12 u32 first series or pair number              16 f64 log position of the slice
 *            24 u32 reserved     28 u32 crc32 of 0 to 27     32 the body
 */
export const snapshotHeaderSizeBytes = 32;
/** Size of the header of a section. */
export const sectionHeaderSizeBytes = 32;

const magic = 0x53445255;

/** Versions of the snapshot's format: 1 is the first. */
export const snapshotFormat: { readonly newest: 1 } = { newest: 1 };

/** What a section holds; the numbers are part of the format. */
export const sectionTypes: {
  /** A slice of series, by the kernel. */
  readonly series: 1;
  /** A slice of label pairs, by the kernel. */
  readonly pairs: 2;
  /** Log records that name tenants and holes. */
  readonly records: 3;
  /** u32 number of the newest chunks file, f64 log position of the last slice. */
  readonly end: 4;
} = { series: 1, pairs: 2, records: 3, end: 4 };

/** One of `sectionTypes`. */
export type SectionType = (typeof sectionTypes)[keyof typeof sectionTypes];

/** Size of the body of the end section. */
export const endSizeBytes = 12;

/** What the header of a file says. */
export interface SnapshotHeader {
  readonly shard: number;
  readonly sequence: number;
  /** Log position of the first slice: records that end at or before it are not needed. */
  readonly startPosition: number;
}

/** What the header of a section says. */
export interface SectionHeader {
  readonly type: SectionType;
  readonly sizeBytes: number;
  readonly crc: number;
  readonly first: number;
  readonly position: number;
}

/** Name of a snapshot's file. */
export function snapshotName(sequence: number): string {
  return `${String(sequence).padStart(8, "0")}.snapshot`;
}

/** Sequence of a snapshot's file name; undefined when the file is something else. */
export function snapshotSequence(name: string): number | undefined {
  return /^\d{8,}\.snapshot$/.test(name) ? Number.parseInt(name, 10) : undefined;
}

/** Makes the bytes of a file's header. */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const view = new DataView(new ArrayBuffer(snapshotHeaderSizeBytes));
  view.setUint32(0, magic, true);
  view.setUint32(4, snapshotFormat.newest, true);
  view.setUint32(8, header.shard, true);
  view.setUint32(12, header.sequence, true);
  view.setFloat64(16, header.startPosition, true);
  return sealed(view);
}

/** Reads a file's header: "damaged", or the version when this program does not know it. */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
): SnapshotHeader | "damaged" | { readonly version: number } {
  const view = unsealed(bytes);
  if (view === undefined || view.getUint32(0, true) !== magic) return "damaged";
  const version = view.getUint32(4, true);
  if (version !== snapshotFormat.newest) return { version };
  return {
    shard: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    startPosition: view.getFloat64(16, true),
  };
}

/** Makes the bytes of a section's header. */
export function encodeSectionHeader(section: {
  readonly type: SectionType;
  readonly body: Uint8Array;
  readonly first: number;
  readonly position: number;
}): Uint8Array {
  const view = new DataView(new ArrayBuffer(sectionHeaderSizeBytes));
  view.setUint32(0, section.type, true);
  view.setUint32(4, section.body.length, true);
  view.setUint32(8, crc32(section.body), true);
  view.setUint32(12, section.first, true);
  view.setFloat64(16, section.position, true);
  return sealed(view);
}

/** Reads a section's header; undefined when it is damaged. */
export function decodeSectionHeader(bytes: Uint8Array): SectionHeader | undefined {
  const view = unsealed(bytes);
  const type = view?.getUint32(0, true);
  if (view === undefined || (type !== 1 && type !== 2 && type !== 3 && type !== 4)) {
    return undefined;
  }
  return {
    type,
    sizeBytes: view.getUint32(4, true),
    crc: view.getUint32(8, true),
    first: view.getUint32(12, true),
    position: view.getFloat64(16, true),
  };
}

function sealed(view: DataView): Uint8Array {
  const bytes = new Uint8Array(view.buffer);
  view.setUint32(28, crc32(bytes.subarray(0, 28)), true);
  return bytes;
}

function unsealed(bytes: Uint8Array): DataView | undefined {
  if (bytes.length < snapshotHeaderSizeBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(28, true) === crc32(bytes.subarray(0, 28)) ? view : undefined;
}
