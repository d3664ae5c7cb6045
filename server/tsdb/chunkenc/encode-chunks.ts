import {
  type ChunkData,
  type ChunkEncoding,
  chunkEncodings,
  type CounterResetHint,
  customSchema,
  type FloatHistogram,
  isStaleAt,
  sameNumbers,
} from "../../model/index.ts";
import type { SampleColumns } from "./columns.ts";
import { encodeHistograms } from "./histogram-encode.ts";
import { encodeXor } from "./xor-encode.ts";
import { encodeXor2 } from "./xor2-encode.ts";

/** A chunk to be stored, with the number of its samples. */
export interface EncodedChunk extends ChunkData {
  readonly samples: number;
}

/** How samples become chunks. */
export interface EncodeOptions {
  /** Histograms have float counts; otherwise counts are whole numbers up to 2^53. */
  readonly floatHistograms: boolean;
  /** Floats take XOR2 chunks even without start times. */
  readonly xor2: boolean;
}

/** Samples of a chunk, as in Prometheus. */
const samplesPerChunk = 120;

/**
 * Writes samples as chunks of up to 120, ascending, not overlapping. Floats and histograms take
 * chunks of their own; a staleness marker goes with what stands before it. Chunks in which a sample
 * has a start time take the forms that keep it. Of the histograms' hints only "reset" and "gauge" are believed: that there was no reset is seen in the counts.
 */
export function encodeChunks(columns: SampleColumns, options: EncodeOptions): EncodedChunk[] {
  const chunks: EncodedChunk[] = [];
  let from = 0;
  while (from < columns.length) {
    const piece = isHistogram(columns, from)
      ? histogramPiece(columns, from, options)
      : floatPiece(columns, from, options);
    chunks.push(piece);
    from += piece.samples;
  }
  return chunks;
}

function isHistogram({ histograms }: SampleColumns, i: number): boolean {
  return histograms?.[i] !== undefined;
}

function floatPiece(columns: SampleColumns, from: number, options: EncodeOptions): EncodedChunk {
  let to = from;
  const end = Math.min(columns.length, from + samplesPerChunk);
  while (to < end && !isHistogram(columns, to)) to++;
  const takesXor2 = options.xor2 || hasStartTimes(columns, from, to);
  const encoding = takesXor2 ? chunkEncodings.xor2 : chunkEncodings.xor;
  const bytes = (takesXor2 ? encodeXor2 : encodeXor)(columns, from, to);
  return { ...extent(columns, from, to), encoding, bytes };
}

function hasStartTimes({ startTimesMs }: SampleColumns, from: number, to: number): boolean {
  return startTimesMs?.subarray(from, to).some((startMs) => startMs !== 0) ?? false;
}

function histogramPiece(
  columns: SampleColumns,
  from: number,
  { floatHistograms: isFloat }: EncodeOptions,
): EncodedChunk {
  const first = columns.histograms![from]!;
  const header = firstHeader(first, columns.histograms![from - 1]);
  const end = Math.min(columns.length, from + samplesPerChunk);
  let last: FloatHistogram | undefined = first;
  let to = from + 1;
  for (; to < end; to++) {
    const next: FloatHistogram | undefined = columns.histograms![to];
    if (next === undefined) {
      if (!isStaleAt(columns.words, to)) break;
    } else if (last === undefined || continues(next, last) !== "not-reset") break;
    last = next;
  }
  const form = { isFloat, hasStartTimes: hasStartTimes(columns, from, to) };
  const bytes = encodeHistograms({ columns, from, to, form, header });
  return { ...extent(columns, from, to), encoding: histogramEncoding(form), bytes };
}

function extent(
  { timesMs }: SampleColumns,
  from: number,
  to: number,
): { readonly minTimeMs: number; readonly maxTimeMs: number; readonly samples: number } {
  return { minTimeMs: timesMs[from]!, maxTimeMs: timesMs[to - 1]!, samples: to - from };
}

function histogramEncoding(form: { isFloat: boolean; hasStartTimes: boolean }): ChunkEncoding {
  if (form.isFloat) {
    return form.hasStartTimes ? chunkEncodings.floatHistogramST : chunkEncodings.floatHistogram;
  }
  return form.hasStartTimes ? chunkEncodings.histogramST : chunkEncodings.histogram;
}

/** What a chunk that begins with `h` says of the histogram before it, if there is one. */
function firstHeader(h: FloatHistogram, before: FloatHistogram | undefined): CounterResetHint {
  if (h.hint === "gauge" || h.hint === "reset") return h.hint;
  return before === undefined ? "unknown" : continues(h, before);
}

/**
 * Whether `h` can follow in the chunk of `before`: "not-reset". Otherwise what the next chunk
 * says. Gauges follow gauges.
 */
function continues(h: FloatHistogram, before: FloatHistogram): CounterResetHint {
  const sameKind = (h.hint === "gauge") === (before.hint === "gauge");
  if (h.hint === "reset") return "reset";
  if (!sameKind) return h.hint === "gauge" ? "gauge" : "unknown";
  const isGauge = h.hint === "gauge";
  if (!isGauge && h.count < before.count) return "reset";
  if (h.schema !== before.schema || h.zeroThreshold !== before.zeroThreshold) {
    return isGauge ? "gauge" : "unknown";
  }
  if (h.schema === customSchema && !sameNumbers(h.customBounds, before.customBounds)) {
    return isGauge ? "gauge" : "reset";
  }
  if (isGauge) return "not-reset";
  const fell =
    h.zeroCount < before.zeroCount ||
    hasFallen(h.positive, before.positive) ||
    hasFallen(h.negative, before.negative);
  return fell ? "reset" : "not-reset";
}

/** Whether a bucket holds less than before. */
function hasFallen(now: FloatHistogram["positive"], before: FloatHistogram["positive"]): boolean {
  let at = 0;
  for (const [i, index] of before.indices.entries()) {
    while (at < now.indices.length && now.indices[at]! < index) at++;
    const count = now.indices[at] === index ? now.counts[at]! : 0;
    if (count < before.counts[i]!) return true;
  }
  return false;
}
