import {
  type BucketCounts,
  type CounterResetHint,
  type FloatHistogram,
  isStaleAt,
  noBuckets,
  reduceResolution,
  staleHigh,
  staleLow,
} from "../../model/index.ts";
import { BitReader } from "./bit-reader.ts";
import {
  histogramColumn,
  reserveSamples,
  type SampleColumns,
  startTimeColumn,
  truncateSamples,
} from "./columns.ts";
import { type HistogramLayout, readLayout } from "./histogram-layout.ts";
import {
  readStartTime,
  readStartTimes,
  type StartTimeReader,
  startTimeHeaderAt,
} from "./start-times.ts";
import type { TimeRange } from "./xor-decode.ts";
import { makeXorValues, type XorValues } from "./xor-values.ts";

/**
 * Reads Prometheus's histogram chunks (tsdb/chunkenc/histogram.go and float_histogram.go there):
 *
 *   2 bytes   number of samples, big-endian
 *   1 byte    counter reset header in its two uppermost bits, see `resetHeaders`
 *   layout    see `histogram-layout.ts`
 *   samples   time, count, zero count, sum, positive buckets, negative buckets
 *
 *             integer, first    varbit_int, varbit_uint, varbit_uint, 8 bytes, varbit_int...: of
 *                               buckets the difference from the one before
 *             integer, further  of all but the sum the delta of deltas as varbit_int; the sum as
 *                               its change, see `xor-decode.ts`
 *             float, first      varbit_int, 8 bytes each
 *             float, further    delta of deltas as varbit_int, changes
 *
 *             Where a sum is the staleness marker no buckets follow, but in the first sample.
 *
 * In the forms with start timestamps the counter reset header stands in the two uppermost bits of
 * the number of samples, the third byte is that of `start-times.ts`, and a start time follows
 * behind each sample.
 */
export interface HistogramForm {
  /** Counts are floats. */
  readonly isFloat: boolean;
  /** It has room for start timestamps. */
  readonly hasStartTimes: boolean;
}

/** Reads histogram chunks one after the other. */
export interface HistogramDecoder {
  /**
   * Appends the samples within `range` to `into` and returns how many the chunk holds. Integer
   * counts are exact up to 2^53. Hints are those that Prometheus gives: "gauge", or "unknown" for
   * the first sample of a chunk and "not-reset" for the others. Throws CorruptionError (file
   * "chunk"); `into` is then what it was.
   */
  decode(bytes: Uint8Array, chunk: HistogramChunk, into: SampleColumns): number;
}

/** What is known of a chunk, and what is wanted of it. */
export interface HistogramChunk {
  readonly form: HistogramForm;
  readonly range: TimeRange;
}

/** Counter reset headers: what a chunk knows of the histogram before its first one. */
export const resetHeaders: Readonly<Record<CounterResetHint, number>> = {
  unknown: 0b00,
  "not-reset": 0b01,
  reset: 0b10,
  gauge: 0b11,
};

/** Size of the header. */
export const histogramHeaderSizeBytes = 3;
/** Where the layout begins, and more than any writer makes: it keeps bit positions below 2^31. */
const opening = { headerSizeBytes: histogramHeaderSizeBytes, sizeBytesMax: 16 * 1024 * 1024 };

/** The finest resolution that queries know. */
const schemaMax = 8;

/** Places in the values of a chunk: three numbers, then the buckets. */
const countAt = 0;
const zeroCountAt = 1;
const sumAt = 2;
const bucketsAt = 3;

/** Makes a decoder; one per thread is enough. */
export function createHistogramDecoder(): HistogramDecoder {
  return new Decoder();
}

/** Numbers of a chunk at the sample that was read last. */
interface Numbers {
  readonly layout: HistogramLayout;
  /** Everything of float histograms; of integer ones the sum. */
  readonly floats: XorValues;
  /** Of integer histograms count, zero count, nothing, and differences between buckets. */
  readonly integers: Float64Array;
  /** How much `integers` changed last. */
  readonly steps: Float64Array;
}

class Decoder implements HistogramDecoder {
  readonly #reader = new BitReader();

  decode(bytes: Uint8Array, { form, range }: HistogramChunk, into: SampleColumns): number {
    this.#reader.open(bytes, opening);
    const word = (bytes[0]! << 8) | bytes[1]!;
    const samples = form.hasStartTimes ? word & 0x3fff : word;
    const header = bytes[form.hasStartTimes ? 0 : 2]! >>> 6;
    if (samples === 0) return 0;
    reserveSamples(into, samples);
    const lengthBefore = into.length;
    const startHeader = form.hasStartTimes ? bytes[startTimeHeaderAt]! : 0;
    const starts = startHeader === 0 ? undefined : readStartTimes(startHeader);
    try {
      this.#decode(into, { samples, header, form, range, starts });
    } catch (error) {
      truncateSamples(into, lengthBefore);
      throw error;
    }
    return samples;
  }

  #decode(
    into: SampleColumns,
    chunk: HistogramChunk & {
      readonly samples: number;
      readonly header: number;
      readonly starts: StartTimeReader | undefined;
    },
  ): void {
    const reader = this.#reader;
    const { samples, header, form, range, starts } = chunk;
    const numbers = makeNumbers(readLayout(reader), form);
    const histograms = histogramColumn(into);
    const startTimesMs = starts === undefined ? into.startTimesMs : startTimeColumn(into);
    let timeMs = 0;
    let deltaMs = 0;
    for (let i = 0; i < samples; i++) {
      const lastTimeMs = timeMs;
      if (i === 0) timeMs = reader.varbitInt();
      else {
        deltaMs += reader.varbitInt();
        timeMs += deltaMs;
        if (deltaMs <= 0) throw reader.fault("has times that do not ascend");
      }
      if (form.isFloat) readFloats(reader, numbers, i === 0);
      else readIntegers(reader, numbers, i === 0);
      if (starts !== undefined) readStartTime(starts, reader, { i, timeMs, lastTimeMs });
      if (timeMs > range.endMs) return;
      if (timeMs < range.startMs) continue;
      const to = into.length++;
      into.timesMs[to] = timeMs;
      if (starts !== undefined) startTimesMs![to] = starts.startMs;
      const isStale = isStaleAt(numbers.floats.words, sumAt);
      into.words[2 * to] = isStale ? staleLow : 0;
      into.words[2 * to + 1] = isStale ? staleHigh : 0;
      histograms.push(isStale ? undefined : histogramOf(numbers, form, hintOf(header, i === 0)));
    }
  }
}

function makeNumbers(layout: HistogramLayout, { isFloat }: HistogramForm): Numbers {
  const count = bucketsAt + layout.positive.length + layout.negative.length;
  return {
    layout,
    floats: makeXorValues(isFloat ? count : bucketsAt),
    integers: new Float64Array(isFloat ? 0 : count),
    steps: new Float64Array(isFloat ? 0 : count),
  };
}

function readFloats(reader: BitReader, { floats }: Numbers, isFirst: boolean): void {
  const count = floats.values.length;
  if (isFirst) {
    for (let i = 0; i < count; i++) reader.words(floats.words, i);
    return;
  }
  for (let i = 0; i < bucketsAt; i++) reader.xorInto(floats, i);
  if (isStaleAt(floats.words, sumAt)) return;
  for (let i = bucketsAt; i < count; i++) reader.xorInto(floats, i);
}

function readIntegers(reader: BitReader, numbers: Numbers, isFirst: boolean): void {
  const { floats, integers, steps } = numbers;
  if (isFirst) {
    integers[countAt] = reader.varbitUint();
    integers[zeroCountAt] = reader.varbitUint();
    reader.words(floats.words, sumAt);
    for (let i = bucketsAt; i < integers.length; i++) integers[i] = reader.varbitInt();
    return;
  }
  for (let i = countAt; i <= zeroCountAt; i++) {
    steps[i]! += reader.varbitInt();
    integers[i]! += steps[i]!;
  }
  reader.xorInto(floats, sumAt);
  if (isStaleAt(floats.words, sumAt)) return;
  for (let i = bucketsAt; i < integers.length; i++) {
    steps[i]! += reader.varbitInt();
    integers[i]! += steps[i]!;
  }
}

/**
 * The hint of a sample. What the header says of the chunk before is not believed: it may be gone,
 * or late samples may have come between.
 */
function hintOf(header: number, isFirst: boolean): CounterResetHint {
  if (header === resetHeaders.gauge) return "gauge";
  return isFirst ? "unknown" : "not-reset";
}

function histogramOf(
  numbers: Numbers,
  { isFloat }: HistogramForm,
  hint: CounterResetHint,
): FloatHistogram {
  const { layout, floats, integers } = numbers;
  const counts = isFloat ? floats.values : integers;
  const negativeAt = bucketsAt + layout.positive.length;
  const buckets = isFloat ? floatBuckets : integerBuckets;
  const histogram: FloatHistogram = {
    schema: layout.schema,
    zeroThreshold: layout.zeroThreshold,
    zeroCount: counts[zeroCountAt]!,
    count: counts[countAt]!,
    sum: floats.values[sumAt]!,
    positive: buckets(layout.positive, counts, bucketsAt),
    negative: buckets(layout.negative, counts, negativeAt),
    customBounds: layout.customBounds,
    hint,
  };
  return layout.schema > schemaMax ? reduceResolution(histogram, schemaMax) : histogram;
}

/** Populated buckets from absolute counts, which begin at `from`. */
function floatBuckets(
  indices: readonly number[],
  values: Float64Array,
  from: number,
): BucketCounts {
  const counts: number[] = [];
  let hasEmpty = false;
  for (let i = 0; i < indices.length; i++) {
    const count = values[from + i]!;
    if (count === 0) hasEmpty = true;
    counts.push(count);
  }
  return populated(indices, counts, hasEmpty);
}

/** Populated buckets from the differences between counts. */
function integerBuckets(
  indices: readonly number[],
  values: Float64Array,
  from: number,
): BucketCounts {
  const counts: number[] = [];
  let count = 0;
  let hasEmpty = false;
  for (let i = 0; i < indices.length; i++) {
    count += values[from + i]!;
    if (count === 0) hasEmpty = true;
    counts.push(count);
  }
  return populated(indices, counts, hasEmpty);
}

/** Without empty buckets; indices are shared where there are none. */
function populated(
  indices: readonly number[],
  counts: readonly number[],
  hasEmpty: boolean,
): BucketCounts {
  if (counts.length === 0) return noBuckets;
  if (!hasEmpty) return { indices, counts };
  const kept: { indices: number[]; counts: number[] } = { indices: [], counts: [] };
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    kept.indices.push(indices[i]!);
    kept.counts.push(counts[i]!);
  }
  return kept;
}
