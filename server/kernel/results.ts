import type { HeadChunk, HeadSeries, HistogramMessage, PairBytes } from "./face.ts";
import {
  listedPairHead,
  messageEntryHead,
  readChunkBytes,
  readChunkEncoding,
  readChunkFile,
  readChunkFlags,
  readChunkHead,
  readChunkMaxTime,
  readChunkMinTime,
  readChunkOffset,
  readChunkSamples,
  readChunkSize,
  readSeriesHead,
} from "./layout.ts";

/** Adds the pairs of a result of `pairsList` to `found`. The bytes become theirs. */
export function decodePairs(bytes: Uint8Array, count: number, found: PairBytes[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const nameSize = view.getUint32(at + 4, true);
    const valueSize = view.getUint32(at + 8, true);
    const name = at + listedPairHead;
    found.push({
      id: view.getUint32(at, true),
      name: bytes.subarray(name, name + nameSize),
      value: bytes.subarray(name + nameSize, name + nameSize + valueSize),
    });
    at = name + nameSize + valueSize;
  }
}

/** Adds the series of a result of `readSeries` to `found`. The bytes become theirs. */
export function decodeSeries(bytes: Uint8Array, count: number, found: HeadSeries[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const pairs = view.getUint32(at + 4, true);
    const chunkCount = view.getUint32(at + 8, true);
    const pairsAt = at + readSeriesHead;
    const pairIds = new Uint32Array(pairs);
    for (let pair = 0; pair < pairs; pair++)
      pairIds[pair] = view.getUint32(pairsAt + pair * 4, true);
    const chunksAt = alignUp(pairsAt + pairs * 4);
    found.push({
      ref: view.getUint32(at, true),
      pairIds,
      chunks: decodeChunks(view, chunksAt, chunkCount),
    });
    at += view.getUint32(at + 12, true);
  }
}

/** The messages of a result of `messages`. The bytes become theirs. */
export function decodeMessages(bytes: Uint8Array, count: number): HistogramMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return Array.from({ length: count }, () => {
    const from = at + messageEntryHead;
    const end = from + view.getUint32(at + 8, true);
    const timeMs = view.getFloat64(at, true);
    at = alignUp(end);
    return { timeMs, message: bytes.subarray(from, end) };
  });
}

function alignUp(offset: number): number {
  return (offset + 7) & ~7;
}

/** Chunks of one series, oldest first; of chunks that begin together the in-order one first. */
function decodeChunks(view: DataView, from: number, count: number): readonly HeadChunk[] {
  const chunks: HeadChunk[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    const sizeInline = view.getUint32(at + readChunkBytes, true);
    const flags = view.getUint32(at + readChunkFlags, true);
    const body = at + readChunkHead;
    const sealed = (flags & 2) !== 0;
    chunks.push({
      encoding: view.getUint32(at + readChunkEncoding, true),
      minTimeMs: view.getFloat64(at + readChunkMinTime, true),
      maxTimeMs: view.getFloat64(at + readChunkMaxTime, true),
      samples: view.getUint32(at + readChunkSamples, true),
      outOfOrder: (flags & 1) !== 0,
      bytes: sealed
        ? undefined
        : new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + body, sizeInline),
      file: view.getUint32(at + readChunkFile, true),
      offsetBytes: view.getFloat64(at + readChunkOffset, true),
      sizeBytes: view.getUint32(at + readChunkSize, true),
    });
    at = alignUp(body + sizeInline);
  }
  return chunks.sort(
    (a, b) => a.minTimeMs - b.minTimeMs || Number(a.outOfOrder) - Number(b.outOfOrder),
  );
}
