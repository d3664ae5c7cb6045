import { CorruptionError } from "../../platform/base/index.ts";
import { crc32c, uvarintSizeBytes } from "../../platform/encoding/index.ts";
import type { Vfs } from "../../platform/vfs/index.ts";
import { ByteReader } from "../byte-reader.ts";
import { FileWriter } from "../file-writer.ts";
import { openPaged, type PagedFile } from "../paged-file.ts";

/**
 * Segment files of a block's chunks. Format: Prometheus's tsdb/docs/format/chunks.md: magic,
 * version, three zero bytes; then per chunk its length as uvarint, its encoding, its bytes, and
 * the crc32c of encoding and bytes. A reference is (segment × 2^32 + offset of the length).
 */
const segmentMagic = 0x85bd40dd;
const segmentVersion = 1;
const headerSizeBytes = 8;

/** Size at which a new segment begins, as in Prometheus. */
const segmentSizeBytesMax = 512 * 1024 * 1024;

/** Longest uvarint of a chunk's length that is expected. */
const lengthSizeBytesMax = 5;

/** A chunk larger than this is taken for a broken length: samples of two hours are far smaller. */
const chunkSizeBytesMax = 64 * 1024 * 1024;
const checksumSizeBytes = 4;

/** File name of a segment: six digits, from 000001 on. */
export function segmentName(segment: number): string {
  return String(segment + 1).padStart(6, "0");
}

/** Writes the chunks of a block into segments of a folder. */
export interface SegmentWriter {
  /** Appends a chunk and returns its reference. */
  add(encoding: number, bytes: Uint8Array): number;
  /** Syncs and closes the last segment. */
  finish(): void;
  /** Closes the file after a failure. */
  abandon(): void;
}

/** Creates the first segment of `directory`, which must exist. */
export function createSegments(vfs: Vfs, directory: string): SegmentWriter {
  let segment = 0;
  let out = startSegment(vfs, directory, segment);
  return {
    add(encoding, bytes) {
      const sizeBytes = uvarintSizeBytes(bytes.length) + 1 + bytes.length + 4;
      if (out.positionBytes + sizeBytes > segmentSizeBytesMax) {
        out.finish();
        segment++;
        out = startSegment(vfs, directory, segment);
      }
      const ref = segment * 2 ** 32 + out.positionBytes;
      out.uvarint(bytes.length);
      out.startChecksum();
      out.u8(encoding);
      out.bytes(bytes);
      out.writeChecksum();
      return ref;
    },
    finish: () => out.finish(),
    abandon: () => out.abandon(),
  };
}

function startSegment(vfs: Vfs, directory: string, segment: number): FileWriter {
  const out = new FileWriter(vfs, `${directory}/${segmentName(segment)}`);
  out.u32(segmentMagic);
  out.u8(segmentVersion);
  out.align(headerSizeBytes);
  return out;
}

/** A chunk as it lies in a segment. */
export interface StoredChunk {
  readonly encoding: number;
  /** Not to be changed. */
  readonly bytes: Uint8Array;
}

/** Reads chunks of a block by reference. */
export interface SegmentReader {
  /** Reads and checks a chunk. Throws CorruptionError. */
  read(ref: number): StoredChunk;
  close(): void;
}

/** Opens all segments of a folder and checks their headers. */
export function openSegments(vfs: Vfs, directory: string): SegmentReader {
  const files: PagedFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    for (let segment = 0; vfs.exists(`${directory}/${segmentName(segment)}`); segment++) {
      const path = `${directory}/${segmentName(segment)}`;
      const source = openPaged(vfs, path);
      files.push(source);
      checkHeader(source);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { read: (ref) => readChunk(files, directory, ref), close };
}

function checkHeader(source: PagedFile): void {
  const at = { file: source.path, offsetBytes: 0 };
  const header = new ByteReader(source.view(0, headerSizeBytes), at);
  if (header.u32() !== segmentMagic) throw header.fault("this is not a chunks segment");
  const version = header.u8();
  if (version !== segmentVersion) throw header.fault(`version ${version} is not supported`);
}

function readChunk(files: readonly PagedFile[], directory: string, ref: number): StoredChunk {
  const segment = Math.floor(ref / 2 ** 32);
  const offsetBytes = ref % 2 ** 32;
  const source = files[segment];
  if (source === undefined) {
    const file = `${directory}/${segmentName(segment)}`;
    throw new CorruptionError({ file, offsetBytes }, "the segment is missing");
  }
  const at = { file: source.path, offsetBytes };
  const available = Math.min(lengthSizeBytesMax, source.sizeBytes - offsetBytes);
  const length = new ByteReader(source.view(offsetBytes, available), at);
  const sizeBytes = length.uvarint();
  if (sizeBytes > chunkSizeBytesMax) throw length.fault(`a chunk of ${sizeBytes} bytes`);
  const body = source.view(offsetBytes + length.position, 1 + sizeBytes + checksumSizeBytes);
  if (crc32c(body.subarray(0, 1 + sizeBytes)) !== checksumBehind(body)) {
    throw length.fault("the checksum of a chunk does not match");
  }
  return { encoding: body[0] as number, bytes: body.subarray(1, 1 + sizeBytes) };
}

function checksumBehind(body: Uint8Array): number {
  const at = body.length - checksumSizeBytes;
  const [a, b, c, d] = [body[at]!, body[at + 1]!, body[at + 2]!, body[at + 3]!];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
