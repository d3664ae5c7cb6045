import type { FloatHistogram, Labels } from "../model/index.ts";
import { assert } from "../platform/base/index.ts";
import { uvarintSizeBytes, writeUvarint } from "../platform/encoding/index.ts";
import { type GrowingBytes, reserveBytes } from "./growing-bytes.ts";
import { histogramBytes } from "./histograms.ts";
import { createSymbolWriter } from "./symbol-writer.ts";

/**
 * The bytes of urd.query.v1.ColumnsFrame, written by hand: packed doubles are the memory of a
 * Float64Array as it stands (little-endian machines only; the constructor checks), so a
 * column leaves in one copy and NaN payloads survive.
 */

/** One series of a result. Entries `[from, to)` of all columns count. */
export interface ResultColumns {
  readonly labels: Labels;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** Where there is a histogram it is the sample. */
  readonly histograms?: readonly (FloatHistogram | undefined)[] | undefined;
  readonly from: number;
  readonly to: number;
}

/** Writes the frames of one result stream; holds the stream's symbols. */
export interface ColumnsFrameEncoder {
  /** Adds one series; everything is copied. */
  addSeries(series: ResultColumns): void;
  /** Bytes that `take` would return now. */
  sizeBytes(): number;
  /** The frame of all series since the last `take`: fresh bytes, the caller's own. */
  take(): Uint8Array<ArrayBuffer>;
}

const tags = {
  frameSeries: 0x12,
  labelRefs: 0x0a,
  timesMs: 0x12,
  values: 0x1a,
  histogramPositions: 0x22,
  histogram: 0x2a,
} as const;
const bufferSizeBytesMin = 4096;

/** Starts the frames of one stream. */
export function createColumnsFrameEncoder(): ColumnsFrameEncoder {
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  assert(little, "columns are sent as memory, which must be little-endian");
  const symbols = createSymbolWriter(bufferSizeBytesMin);
  const body: GrowingBytes = { bytes: new Uint8Array(bufferSizeBytesMin), length: 0 };
  return {
    addSeries(series) {
      appendSeries(body, series.labels.map(symbols.refOf), series);
    },
    sizeBytes: () => symbols.out.length + body.length,
    take() {
      const frame = new Uint8Array(symbols.out.length + body.length);
      frame.set(symbols.out.bytes.subarray(0, symbols.out.length), 0);
      frame.set(body.bytes.subarray(0, body.length), symbols.out.length);
      symbols.out.length = 0;
      body.length = 0;
      return frame;
    },
  };
}

function appendSeries(out: GrowingBytes, refs: readonly number[], series: ResultColumns): void {
  const columnSize = 8 * (series.to - series.from);
  const histograms = histogramsOf(series);
  let bodySize = fieldSizeBytes(packedSizeBytes(refs)) + 2 * fieldSizeBytes(columnSize);
  bodySize += fieldSizeBytes(packedSizeBytes(histograms.positions));
  for (const bytes of histograms.messages) bodySize += messageSizeBytes(bytes);
  reserveBytes(out, 1 + uvarintSizeBytes(bodySize) + bodySize);
  out.bytes[out.length] = tags.frameSeries;
  out.length = writeUvarint(out.bytes, out.length + 1, bodySize);
  appendPacked(out, tags.labelRefs, refs);
  appendColumn(out, tags.timesMs, series.timesMs.subarray(series.from, series.to));
  appendColumn(out, tags.values, series.values.subarray(series.from, series.to));
  appendPacked(out, tags.histogramPositions, histograms.positions);
  for (const bytes of histograms.messages) {
    out.bytes[out.length] = tags.histogram;
    const at = writeUvarint(out.bytes, out.length + 1, bytes.length);
    out.bytes.set(bytes, at);
    out.length = at + bytes.length;
  }
}

/** Histograms as they go into the frame. */
interface FrameHistograms {
  readonly positions: readonly number[];
  readonly messages: readonly Uint8Array[];
}

const noHistograms: FrameHistograms = { positions: [], messages: [] };

function histogramsOf({ histograms, from, to }: ResultColumns): FrameHistograms {
  if (histograms === undefined) return noHistograms;
  const positions: number[] = [];
  const messages: Uint8Array[] = [];
  for (let i = from; i < to; i++) {
    const histogram = histograms[i];
    if (histogram === undefined) continue;
    positions.push(i - from);
    messages.push(histogramBytes(histogram));
  }
  return { positions, messages };
}

function packedSizeBytes(numbers: readonly number[]): number {
  return numbers.reduce((size, number) => size + uvarintSizeBytes(number), 0);
}

function appendPacked(out: GrowingBytes, tag: number, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  out.bytes[out.length] = tag;
  out.length = writeUvarint(out.bytes, out.length + 1, packedSizeBytes(numbers));
  for (const number of numbers) out.length = writeUvarint(out.bytes, out.length, number);
}

/** A message has its tag and length even when it is empty. */
function messageSizeBytes(bytes: Uint8Array): number {
  return 1 + uvarintSizeBytes(bytes.length) + bytes.length;
}

/** Size of tag, length and content; nothing is written for an empty repeated field. */
function fieldSizeBytes(contentSize: number): number {
  return contentSize === 0 ? 0 : 1 + uvarintSizeBytes(contentSize) + contentSize;
}

function appendColumn(out: GrowingBytes, tag: number, column: Float64Array): void {
  if (column.length === 0) return;
  out.bytes[out.length] = tag;
  const at = writeUvarint(out.bytes, out.length + 1, column.byteLength);
  out.bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
  out.length = at + column.byteLength;
}
