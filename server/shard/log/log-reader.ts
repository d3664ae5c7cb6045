import type { Vfs, VfsFile } from "../../platform/vfs/index.ts";
import { isIntact, type RecordType, readRecordHeader, recordHeaderSizeBytes } from "./record.ts";
import {
  decodeSegmentHeader,
  logFormat,
  segmentHeaderSizeBytes,
  segmentName,
  segmentSequence,
} from "./segment.ts";
import type { LogSegment } from "./shard-log.ts";

/** A record as it is read. The body is borrowed until the visitor returns. */
export interface ReadRecord {
  readonly type: RecordType;
  readonly body: Uint8Array;
  /** Position of its first byte and of the byte behind it. */
  readonly position: number;
  readonly endPosition: number;
}

/** Part of the log that cannot be read. */
export interface LogDamage {
  readonly position: number;
  readonly endPosition: number;
  /** True when nothing acknowledged was lost: the end of a write that a crash cut short. */
  readonly torn: boolean;
  readonly cause: string;
}

/** Takes what a log holds, in order; damage comes between the records around it. */
export interface LogVisitor {
  record(record: ReadRecord): void;
  damage(damage: LogDamage): void;
  /** Called now and then, so that a long read can give up its turn. */
  pause?(): Promise<void> | undefined;
}

/** What was read. */
export interface LogContents {
  readonly segments: readonly LogSegment[];
  /** Position behind the last whole record. */
  readonly position: number;
}

/** Bytes read at once. */
const windowSizeBytes = 4 << 20;

interface FoundSegment extends LogSegment {
  readonly path: string;
  /** Position at which the next segment takes over; infinite for the last. */
  readonly endPosition: number;
}

/**
 * Reads the records of a log that end after `fromPosition`, oldest first. Damage is stepped
 * over: by the record's length when its header is whole, else by looking for the next whole
 * record. Throws when the log is of a newer version.
 */
export async function readLog(
  log: { readonly vfs: Vfs; readonly directory: string; readonly fromPosition: number },
  visitor: LogVisitor,
): Promise<LogContents> {
  const segments = findSegments(log.vfs, log.directory);
  let position = Math.max(log.fromPosition, segments[0]?.startPosition ?? 0);
  const first = segments[0];
  if (first !== undefined && first.startPosition > log.fromPosition) {
    visitor.damage(lost(log.fromPosition, first.startPosition, "segments are missing"));
  }
  for (const segment of segments) {
    if (segment.endPosition <= log.fromPosition) continue;
    if (segment.startPosition > position) {
      visitor.damage(lost(position, segment.startPosition, "records are missing"));
    }
    position = await readSegment(log, segment, visitor);
  }
  return { segments, position };
}

const lost = (position: number, endPosition: number, cause: string): LogDamage => ({
  position,
  endPosition,
  torn: false,
  cause: `${cause} between log positions ${position} and ${endPosition}`,
});

/** Finds the segments with the positions that they hold; a damaged header is filled in. */
function findSegments(vfs: Vfs, directory: string): readonly FoundSegment[] {
  const found: { sequence: number; startPosition: number; path: string }[] = [];
  let endOfLast = 0;
  for (const name of vfs.list(directory)) {
    const sequence = segmentSequence(name);
    if (sequence === undefined) continue;
    const path = `${directory}/${segmentName(sequence)}`;
    const file = vfs.open(path, "read");
    try {
      const bytes = new Uint8Array(segmentHeaderSizeBytes);
      const header = decodeSegmentHeader(bytes.subarray(0, file.read(bytes, 0)));
      if (typeof header === "object" && "version" in header) {
        throw new Error(
          `the write log is of format ${header.version} and this version of Urd reads up to ${logFormat.newest}: start the newer version again`,
        );
      }
      // A crash between making a file and writing its header; nothing was appended to it.
      if (header === "damaged" && file.sizeBytes() <= segmentHeaderSizeBytes) continue;
      const startPosition = header === "damaged" ? endOfLast : header.startPosition;
      found.push({ sequence, startPosition, path });
      const recordsSize = Math.max(0, file.sizeBytes() - segmentHeaderSizeBytes);
      endOfLast = startPosition + recordsSize;
    } finally {
      file.close();
    }
  }
  return found.map((segment, i) => ({
    ...segment,
    endPosition: found[i + 1]?.startPosition ?? Number.POSITIVE_INFINITY,
  }));
}

/** A window over the bytes of a segment's records; offsets are relative to its first record. */
class Window {
  readonly sizeBytes: number;
  readonly #file: VfsFile;
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #filled = 0;

  constructor(file: VfsFile, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  /** The bytes [offset, offset + size), cut at the end; valid until the next call. */
  at(offset: number, sizeBytes: number): Uint8Array {
    const size = Math.min(sizeBytes, this.sizeBytes - offset);
    if (offset < this.#start || offset + size > this.#start + this.#filled)
      this.#fill(offset, size);
    return this.#buffer.subarray(offset - this.#start, offset - this.#start + size);
  }

  #fill(offset: number, sizeBytes: number): void {
    const wanted = Math.min(Math.max(sizeBytes, windowSizeBytes), this.sizeBytes - offset);
    if (this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted);
    this.#start = offset;
    const target = this.#buffer.subarray(0, wanted);
    this.#filled = this.#file.read(target, segmentHeaderSizeBytes + offset);
    if (this.#filled < wanted) target.fill(0, this.#filled);
    this.#filled = wanted;
  }
}

/** Reads one segment and returns the position behind its last whole record. */
async function readSegment(
  log: { readonly vfs: Vfs; readonly fromPosition: number },
  segment: FoundSegment,
  visitor: LogVisitor,
): Promise<number> {
  const file = log.vfs.open(segment.path, "read");
  try {
    const inFile = Math.max(0, file.sizeBytes() - segmentHeaderSizeBytes);
    const window = new Window(file, Math.min(inFile, segment.endPosition - segment.startPosition));
    let offset = 0;
    let untilPause = windowSizeBytes;
    while (offset < window.sizeBytes) {
      const end = readOne({ window, segment, offset, fromPosition: log.fromPosition }, visitor);
      if (end === undefined) break;
      untilPause -= end - offset;
      offset = end;
      if (untilPause <= 0) {
        untilPause = windowSizeBytes;
        await visitor.pause?.();
      }
    }
    return segment.startPosition + offset;
  } finally {
    file.close();
  }
}

interface Place {
  readonly window: Window;
  readonly segment: FoundSegment;
  readonly offset: number;
  readonly fromPosition: number;
}

/** Visits the record at an offset, or the damage; returns where to go on, or nothing at the end. */
function readOne(place: Place, visitor: LogVisitor): number | undefined {
  const { window, segment, offset } = place;
  const header = readRecordHeader(window.at(offset, recordHeaderSizeBytes), 0);
  if (header === undefined) return stepOver(place, visitor);
  const bodyOffset = offset + recordHeaderSizeBytes;
  const end = bodyOffset + header.sizeBytes;
  if (end > window.sizeBytes) return stepOver(place, visitor);
  if (segment.startPosition + end <= place.fromPosition) return end;
  const body = window.at(bodyOffset, header.sizeBytes);
  const position = segment.startPosition + offset;
  const endPosition = segment.startPosition + end;
  if (isIntact(header, body)) {
    visitor.record({ type: header.type, body, position, endPosition });
  } else {
    visitor.damage(lost(position, endPosition, "a record is damaged"));
  }
  return end;
}

/** Looks for the next whole record behind damage; without one, the rest is the end of the log. */
function stepOver(place: Place, visitor: LogVisitor): number | undefined {
  const { window, segment, offset } = place;
  const position = segment.startPosition + offset;
  const next = nextRecord(window, offset + 1);
  if (next !== undefined) {
    visitor.damage(lost(position, segment.startPosition + next, "records are damaged"));
    return next;
  }
  // Behind a segment's last record nothing counts when another segment goes on there.
  if (segment.startPosition + window.sizeBytes === segment.endPosition) {
    visitor.damage(lost(position, segment.endPosition, "records are damaged"));
    return window.sizeBytes;
  }
  if (segment.endPosition !== Number.POSITIVE_INFINITY) return undefined;
  const torn = isTorn(window, offset);
  const endPosition = segment.startPosition + window.sizeBytes;
  visitor.damage({ ...lost(position, endPosition, torn ? "a torn write" : "damage"), torn });
  return undefined;
}

/** Offset of the next whole record at or after `from`. */
function nextRecord(window: Window, from: number): number | undefined {
  for (let start = from; start < window.sizeBytes; start += windowSizeBytes) {
    // Overlap by a header, so that one across the border is seen.
    const bytes = window.at(start, windowSizeBytes + recordHeaderSizeBytes).slice();
    const last = Math.min(bytes.length - recordHeaderSizeBytes, windowSizeBytes - 1);
    for (let i = 0; i <= last; i++) {
      const header = readRecordHeader(bytes, i);
      if (header === undefined) continue;
      const bodyOffset = start + i + recordHeaderSizeBytes;
      if (bodyOffset + header.sizeBytes > window.sizeBytes) continue;
      if (isIntact(header, window.at(bodyOffset, header.sizeBytes))) return start + i;
    }
  }
  return undefined;
}

/**
 * Whether what stands at the end can be a write that a crash cut short: a part of a header, a
 * whole header with a part of its body, or room of the file that was never filled.
 */
function isTorn(window: Window, offset: number): boolean {
  const bytes = window.at(offset, recordHeaderSizeBytes);
  if (bytes.length < recordHeaderSizeBytes) return true;
  if (readRecordHeader(bytes, 0) !== undefined) return true;
  for (let at = offset; at < window.sizeBytes; at += windowSizeBytes) {
    if (window.at(at, windowSizeBytes).some((byte) => byte !== 0)) return false;
  }
  return true;
}
