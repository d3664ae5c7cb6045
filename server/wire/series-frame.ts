import {
  int64SizeBytes,
  uvarintSizeBytes,
  writeInt64,
  writeUvarint,
} from "../platform/encoding/index.ts";
import { type GrowingBytes, reserveBytes } from "./growing-bytes.ts";
import type { LabelSetLog } from "./label-set-log.ts";
import { createSymbolWriter, type FramePair } from "./symbol-writer.ts";

/**
 * The bytes of urd.ingester.v1.SeriesFrame, written by hand: a frame is made for every
 * 128 KiB that a query reads, and message objects per series and chunk would cost more than
 * copying the chunks. What comes out is what protobuf-es would write for the same message.
 */

/** A chunk to send: its bytes, or the place of its bytes in a chunks file. */
export interface FrameChunk {
  /** Prometheus's encoding number. */
  readonly encoding: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** The chunk's bytes; undefined when the location holds them. */
  readonly bytes: Uint8Array | undefined;
  /** Location in the chunks files; without meaning when `bytes` is there. */
  readonly file: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** What a reader of frames holds already, where both keep label sets. */
export interface KnownSets {
  readonly log: LabelSetLog;
  /** Sets that the reader holds, from the first. */
  readonly count: number;
}

/**
 * Writes the frames of one answer stream. The stream's symbol table lives in here: a pair's
 * strings are sent with the first series that has it, later series cost a byte or two a label.
 */
export interface SeriesFrameEncoder {
  /** Adds one series. Pairs stand in the order of their names. Everything is copied. */
  addSeries(pairs: readonly FramePair[], chunks: readonly FrameChunk[]): void;
  /** Adds one series whose label set has a number in the log. */
  addNumbered(labelSet: number, chunks: readonly FrameChunk[]): void;
  /** Bytes that `take` would return now; the caller takes before this passes 128 KiB. Label sets are not counted. */
  sizeBytes(): number;
  /** The frame of all series since the last `take`: fresh bytes, the caller's own. */
  take(): Uint8Array<ArrayBuffer>;
}

/** Field numbers and wire types as they stand in the bytes. */
const tags = {
  frameSeries: 0x12,
  frameLabelSets: 0x1a,
  seriesLabelRefs: 0x0a,
  seriesChunk: 0x12,
  seriesLabelSet: 0x18,
  chunkEncoding: 0x08,
  chunkMinTime: 0x10,
  chunkMaxTime: 0x18,
  chunkData: 0x22,
  chunkLocation: 0x2a,
  locationFile: 0x08,
  locationOffset: 0x10,
  locationSize: 0x18,
} as const;

/** Pieces of a frame grow in here; starts small because most answers are small. */
const bufferSizeBytesMin = 4096;

/** Starts the frames of one stream. */
export function createSeriesFrameEncoder(known?: KnownSets): SeriesFrameEncoder {
  return new FrameEncoder(known);
}

class FrameEncoder implements SeriesFrameEncoder {
  readonly #symbols = createSymbolWriter(bufferSizeBytesMin);
  readonly #series: GrowingBytes = { bytes: new Uint8Array(bufferSizeBytesMin), length: 0 };
  /** Per pair id: symbol of the name, symbol of the value. */
  readonly #refsOfPair = new Map<number, readonly [number, number]>();
  /** Symbols of the labels of the series at hand. */
  #labelRefs = new Uint32Array(64);
  readonly #log: LabelSetLog | undefined;
  /** Label sets that the reader knows by now. */
  #setsKnown: number;
  #setsUsed = 0;

  constructor(known: KnownSets | undefined) {
    this.#log = known?.log;
    this.#setsKnown = known?.count ?? 0;
  }

  addNumbered(labelSet: number, chunks: readonly FrameChunk[]): void {
    if (labelSet > this.#setsUsed) this.#setsUsed = labelSet;
    const bodySize = chunksSizeBytes(chunks) + 1 + uvarintSizeBytes(labelSet);
    const out = this.#series;
    reserveBytes(out, 1 + uvarintSizeBytes(bodySize) + bodySize);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = tags.frameSeries;
    at = writeUvarint(bytes, at, bodySize);
    for (const chunk of chunks) at = writeChunk(bytes, at, chunk);
    bytes[at++] = tags.seriesLabelSet;
    out.length = writeUvarint(bytes, at, labelSet);
  }

  addSeries(pairs: readonly FramePair[], chunks: readonly FrameChunk[]): void {
    const refsSize = this.#resolveLabels(pairs);
    const labelsSize = refsSize === 0 ? 0 : 1 + uvarintSizeBytes(refsSize) + refsSize;
    const bodySize = labelsSize + chunksSizeBytes(chunks);
    const out = this.#series;
    reserveBytes(out, 1 + uvarintSizeBytes(bodySize) + bodySize);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = tags.frameSeries;
    at = writeUvarint(bytes, at, bodySize);
    if (refsSize > 0) {
      bytes[at++] = tags.seriesLabelRefs;
      at = writeUvarint(bytes, at, refsSize);
      for (let i = 0; i < 2 * pairs.length; i++) at = writeUvarint(bytes, at, this.#labelRefs[i]!);
    }
    for (const chunk of chunks) at = writeChunk(bytes, at, chunk);
    out.length = at;
  }

  sizeBytes(): number {
    return this.#symbols.out.length + this.#series.length;
  }

  take(): Uint8Array<ArrayBuffer> {
    const symbols = this.#symbols.out;
    const series = this.#series;
    const sets = this.#newLabelSets();
    const setsAt = symbols.length + series.length;
    const setsHead = sets === undefined ? 0 : 1 + uvarintSizeBytes(sets.length);
    const frame = new Uint8Array(setsAt + setsHead + (sets?.length ?? 0));
    frame.set(symbols.bytes.subarray(0, symbols.length), 0);
    frame.set(series.bytes.subarray(0, series.length), symbols.length);
    if (sets !== undefined) {
      frame[setsAt] = tags.frameLabelSets;
      writeUvarint(frame, setsAt + 1, sets.length);
      frame.set(sets, setsAt + setsHead);
    }
    symbols.length = 0;
    series.length = 0;
    return frame;
  }

  /** What the frame's series refer to and the reader does not know; undefined: nothing. */
  #newLabelSets(): Uint8Array | undefined {
    if (this.#log === undefined || this.#setsUsed <= this.#setsKnown) return undefined;
    const message = this.#log.message(this.#setsKnown);
    this.#setsKnown = this.#log.count;
    return message;
  }

  /** Fills the label refs of a series and returns their size as varints. */
  #resolveLabels(pairs: readonly FramePair[]): number {
    if (this.#labelRefs.length < 2 * pairs.length) {
      this.#labelRefs = new Uint32Array(4 * pairs.length);
    }
    let sizeBytes = 0;
    let i = 0;
    for (const pair of pairs) {
      let refs = this.#refsOfPair.get(pair.pairId);
      if (refs === undefined) {
        refs = [this.#symbols.refOf(pair.name), this.#symbols.refOf(pair.value)];
        this.#refsOfPair.set(pair.pairId, refs);
      }
      this.#labelRefs[i++] = refs[0];
      this.#labelRefs[i++] = refs[1];
      sizeBytes += uvarintSizeBytes(refs[0]) + uvarintSizeBytes(refs[1]);
    }
    return sizeBytes;
  }
}

function chunksSizeBytes(chunks: readonly FrameChunk[]): number {
  let size = 0;
  for (const chunk of chunks) {
    const chunkSize = chunkSizeBytes(chunk);
    size += 1 + uvarintSizeBytes(chunkSize) + chunkSize;
  }
  return size;
}

function chunkSizeBytes(chunk: FrameChunk): number {
  let size = 0;
  if (chunk.encoding !== 0) size += 1 + uvarintSizeBytes(chunk.encoding);
  if (chunk.minTimeMs !== 0) size += 1 + int64SizeBytes(chunk.minTimeMs);
  if (chunk.maxTimeMs !== 0) size += 1 + int64SizeBytes(chunk.maxTimeMs);
  if (chunk.bytes === undefined) {
    const locationSize = locationSizeBytes(chunk);
    size += 1 + uvarintSizeBytes(locationSize) + locationSize;
  } else if (chunk.bytes.length > 0) {
    size += 1 + uvarintSizeBytes(chunk.bytes.length) + chunk.bytes.length;
  }
  return size;
}

function locationSizeBytes(chunk: FrameChunk): number {
  let size = 0;
  if (chunk.file !== 0) size += 1 + uvarintSizeBytes(chunk.file);
  if (chunk.offsetBytes !== 0) size += 1 + uvarintSizeBytes(chunk.offsetBytes);
  if (chunk.sizeBytes !== 0) size += 1 + uvarintSizeBytes(chunk.sizeBytes);
  return size;
}

function writeChunk(bytes: Uint8Array, position: number, chunk: FrameChunk): number {
  let at = position;
  bytes[at++] = tags.seriesChunk;
  at = writeUvarint(bytes, at, chunkSizeBytes(chunk));
  if (chunk.encoding !== 0) {
    bytes[at++] = tags.chunkEncoding;
    at = writeUvarint(bytes, at, chunk.encoding);
  }
  if (chunk.minTimeMs !== 0) {
    bytes[at++] = tags.chunkMinTime;
    at = writeInt64(bytes, at, chunk.minTimeMs);
  }
  if (chunk.maxTimeMs !== 0) {
    bytes[at++] = tags.chunkMaxTime;
    at = writeInt64(bytes, at, chunk.maxTimeMs);
  }
  if (chunk.bytes === undefined) return writeLocation(bytes, at, chunk);
  if (chunk.bytes.length > 0) {
    bytes[at++] = tags.chunkData;
    at = writeUvarint(bytes, at, chunk.bytes.length);
    bytes.set(chunk.bytes, at);
    at += chunk.bytes.length;
  }
  return at;
}

function writeLocation(bytes: Uint8Array, position: number, chunk: FrameChunk): number {
  let at = position;
  bytes[at++] = tags.chunkLocation;
  at = writeUvarint(bytes, at, locationSizeBytes(chunk));
  if (chunk.file !== 0) {
    bytes[at++] = tags.locationFile;
    at = writeUvarint(bytes, at, chunk.file);
  }
  if (chunk.offsetBytes !== 0) {
    bytes[at++] = tags.locationOffset;
    at = writeUvarint(bytes, at, chunk.offsetBytes);
  }
  if (chunk.sizeBytes !== 0) {
    bytes[at++] = tags.locationSize;
    at = writeUvarint(bytes, at, chunk.sizeBytes);
  }
  return at;
}
