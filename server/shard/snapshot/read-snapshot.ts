import { crc32 } from "node:zlib";
import type { ShardKernel } from "../../kernel/index.ts";
import { CorruptionError } from "../../platform/base/index.ts";
import type { Vfs, VfsFile } from "../../platform/vfs/index.ts";
import {
  isIntact,
  readRecordHeader,
  recordHeaderSizeBytes,
  type RecordType,
} from "../log/record.ts";
import {
  decodeSectionHeader,
  decodeSnapshotHeader,
  endSizeBytes,
  type SectionHeader,
  sectionHeaderSizeBytes,
  sectionTypes,
  snapshotFormat,
  snapshotHeaderSizeBytes,
} from "./format.ts";

/** A slice of series: those from `firstRef` to the next slice stand as of log position `position`. */
export interface SnapshotSlice {
  readonly firstRef: number;
  readonly position: number;
}

/** A snapshot whose every byte was checked. */
export interface CheckedSnapshot {
  readonly path: string;
  readonly startPosition: number;
  /** Log position of the last slice. */
  readonly endPosition: number;
  /** Newest chunks file that its series refer to. */
  readonly chunksFile: number;
  readonly slices: readonly SnapshotSlice[];
  readonly sizeBytes: number;
  readonly sections: readonly PlacedSection[];
}

interface PlacedSection extends SectionHeader {
  readonly bodyOffsetBytes: number;
}

/** Takes the records of a snapshot's records section. */
export type RecordVisitor = (type: RecordType, body: Uint8Array) => void;

/**
 * Reads a snapshot through and checks it. Throws CorruptionError when it is not whole, another
 * error when it is of a newer version.
 */
export function checkSnapshot(vfs: Vfs, path: string): CheckedSnapshot {
  const file = vfs.open(path, "read");
  try {
    const header = decodeSnapshotHeader(readAt(file, 0, snapshotHeaderSizeBytes));
    if (header === "damaged")
      throw new CorruptionError({ file: path, offsetBytes: 0 }, "no header");
    if ("version" in header) {
      throw new Error(
        `${path} is of format ${header.version} and this version of Urd reads up to ${snapshotFormat.newest}: start the newer version again`,
      );
    }
    const sections = checkSections(file, path);
    const end = sections.at(-1);
    if (end?.type !== sectionTypes.end || end.sizeBytes !== endSizeBytes) {
      throw new CorruptionError({ file: path, offsetBytes: file.sizeBytes() }, "no end");
    }
    const body = readAt(file, end.bodyOffsetBytes, endSizeBytes);
    const view = new DataView(body.buffer);
    return {
      path,
      startPosition: header.startPosition,
      endPosition: view.getFloat64(4, true),
      chunksFile: view.getUint32(0, true),
      slices: sections
        .filter((section) => section.type === sectionTypes.series)
        .map((section) => ({ firstRef: section.first, position: section.position })),
      sizeBytes: file.sizeBytes(),
      sections,
    };
  } finally {
    file.close();
  }
}

function checkSections(file: VfsFile, path: string): readonly PlacedSection[] {
  const sections: PlacedSection[] = [];
  const sizeBytes = file.sizeBytes();
  let at = snapshotHeaderSizeBytes;
  let body = new Uint8Array(0);
  while (at < sizeBytes) {
    const header = decodeSectionHeader(readAt(file, at, sectionHeaderSizeBytes));
    const bodyOffsetBytes = at + sectionHeaderSizeBytes;
    if (header === undefined || bodyOffsetBytes + header.sizeBytes > sizeBytes) {
      throw new CorruptionError({ file: path, offsetBytes: at }, "a section is damaged");
    }
    if (body.length < header.sizeBytes) body = new Uint8Array(header.sizeBytes);
    const bytes = body.subarray(0, header.sizeBytes);
    file.read(bytes, bodyOffsetBytes);
    if (crc32(bytes) !== header.crc) {
      throw new CorruptionError({ file: path, offsetBytes: at }, "a section's crc32 is wrong");
    }
    sections.push({ ...header, bodyOffsetBytes });
    at = bodyOffsetBytes + header.sizeBytes;
  }
  return sections;
}

/**
 * Puts a checked snapshot into an empty kernel: pairs first, then series, which refer to them.
 * Throws CorruptionError when the kernel does not take a section; the kernel is spoilt then.
 */
export async function loadSnapshot(
  load: { readonly vfs: Vfs; readonly snapshot: CheckedSnapshot; readonly kernel: ShardKernel },
  visitor: { record: RecordVisitor; pause(): Promise<void> },
): Promise<void> {
  const { vfs, snapshot, kernel } = load;
  const file = vfs.open(snapshot.path, "read");
  try {
    for (const section of ofType(snapshot, sectionTypes.records)) {
      visitRecords(readAt(file, section.bodyOffsetBytes, section.sizeBytes), visitor.record);
    }
    for (const section of ofType(snapshot, sectionTypes.pairs)) {
      if (section.sizeBytes === 0) continue;
      file.read(
        kernel.input(section.sizeBytes).subarray(0, section.sizeBytes),
        section.bodyOffsetBytes,
      );
      refuseFault(kernel.importPairs(section.sizeBytes), snapshot.path, section);
      await visitor.pause();
    }
    for (const section of ofType(snapshot, sectionTypes.series)) {
      if (section.sizeBytes === 0) continue;
      file.read(
        kernel.input(section.sizeBytes).subarray(0, section.sizeBytes),
        section.bodyOffsetBytes,
      );
      refuseFault(kernel.importSeries(section.sizeBytes), snapshot.path, section);
      await visitor.pause();
    }
  } finally {
    file.close();
  }
}

/**
 * Series whose rows of a record are already in the snapshot, as the first and last number:
 * those of slices taken at or after the record's end. First > last: none. Series numbers and
 * positions of slices both ascend, and a series that is newer than the last slice is defined by
 * a record behind it.
 */
export function skipRange(
  slices: readonly SnapshotSlice[],
  endPosition: number,
): readonly [number, number] {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((slices[middle] as SnapshotSlice).position >= endPosition) high = middle;
    else low = middle + 1;
  }
  const slice = slices[low];
  return slice === undefined ? [1, 0] : [slice.firstRef, 0xffff_ffff];
}

function ofType(snapshot: CheckedSnapshot, type: number): readonly PlacedSection[] {
  return snapshot.sections.filter((section) => section.type === type);
}

function visitRecords(bytes: Uint8Array, visit: RecordVisitor): void {
  let at = 0;
  for (;;) {
    const header = readRecordHeader(bytes, at);
    if (header === undefined) return;
    const from = at + recordHeaderSizeBytes;
    const body = bytes.subarray(from, from + header.sizeBytes);
    if (!isIntact(header, body)) return;
    visit(header.type, body);
    at = from + header.sizeBytes;
  }
}

function refuseFault(fault: unknown, path: string, section: PlacedSection): void {
  if (fault !== undefined) {
    throw new CorruptionError(
      { file: path, offsetBytes: section.bodyOffsetBytes },
      `the kernel does not take the section: ${JSON.stringify(fault)}`,
    );
  }
}

function readAt(file: VfsFile, offsetBytes: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  return bytes.subarray(0, file.read(bytes, offsetBytes));
}
