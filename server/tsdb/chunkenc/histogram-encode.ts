import { type CounterResetHint, customSchema, type FloatHistogram } from "../../model/index.ts";
import { assert } from "../../platform/base/index.ts";
import { BitWriter } from "./bit-writer.ts";
import type { SampleColumns } from "./columns.ts";
import { type HistogramForm, histogramHeaderSizeBytes, resetHeaders } from "./histogram-decode.ts";
import { type HistogramLayout, writeLayout } from "./histogram-layout.ts";
import { StartTimeWriter } from "./start-times.ts";
import { noWindow, writeXor, type XorWindow } from "./xor-values.ts";

/** Samples that the count of a chunk with start timestamps can tell; the others could more. */
const chunkSamplesMax = 16_383;

/** Samples `[from, to)` of columns, to become one chunk. */
export interface HistogramRun {
  readonly columns: SampleColumns;
  readonly from: number;
  readonly to: number;
  readonly form: HistogramForm;
  /** What the chunk says of the histogram before it. */
  readonly header: CounterResetHint;
}

/**
 * Writes histograms of one schema, zero threshold and list of custom bounds as one chunk, as
 * Prometheus does when it knows all buckets from the start; the layout stands in
 * `histogram-decode.ts`. Samples without a histogram are staleness markers; no histogram follows
 * behind one. Integer forms want whole counts up to 2^53.
 */
export function encodeHistograms(run: HistogramRun): Uint8Array {
  const { columns, from, to, form, header } = run;
  assert(to - from <= chunkSamplesMax, "a chunk holds at most 16,383 histograms");
  const writer = new BitWriter(histogramHeaderSizeBytes);
  const flags = resetHeaders[header] << 6;
  writer.setHeader(0, ((to - from) >>> 8) | (form.hasStartTimes ? flags : 0));
  writer.setHeader(1, (to - from) & 0xff);
  if (!form.hasStartTimes) writer.setHeader(2, flags);
  const histograms = run.columns.histograms ?? [];
  const layout = layoutOf(histograms.slice(from, to));
  writeLayout(writer, layout);
  const starts = form.hasStartTimes ? new StartTimeWriter(writer) : undefined;
  const sample = form.isFloat ? floatWriter(writer, layout) : integerWriter(writer, layout);
  let deltaMs = 0;
  for (let i = from; i < to; i++) {
    const timeMs = columns.timesMs[i]!;
    const lastTimeMs = i === from ? 0 : columns.timesMs[i - 1]!;
    assert(i === from || timeMs > lastTimeMs, "samples of a chunk ascend in time");
    writer.varbitInt(i === from ? timeMs : timeMs - lastTimeMs - deltaMs);
    deltaMs = i === from ? 0 : timeMs - lastTimeMs;
    sample(histograms[i], i === from);
    starts?.write(columns.startTimesMs?.[i] ?? 0, { i: i - from, timeMs, lastTimeMs });
  }
  return writer.finish();
}

/** The layout that holds all of the histograms; an empty one when there are none. */
function layoutOf(histograms: readonly (FloatHistogram | undefined)[]): HistogramLayout {
  const all = histograms.filter((one) => one !== undefined);
  const first = all[0];
  return {
    schema: first?.schema ?? 0,
    zeroThreshold: first?.zeroThreshold ?? 0,
    positive: union(all.map(({ positive }) => positive.indices)),
    negative: union(all.map(({ negative }) => negative.indices)),
    customBounds: first?.schema === customSchema ? first.customBounds : [],
  };
}

function union(lists: readonly (readonly number[])[]): readonly number[] {
  const first = lists[0] ?? [];
  if (lists.every((list) => list === first)) return first;
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

/** Writes what is behind the time of a sample. */
type SampleWriter = (histogram: FloatHistogram | undefined, isFirst: boolean) => void;

/** The bits of a float with the window of its last change. */
interface FloatState {
  high: number;
  low: number;
  readonly window: XorWindow;
}

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
const staleSum = { high: 0x7ff00000, low: 0x00000002 };

function newFloat(): FloatState {
  return { high: 0, low: 0, window: { leading: noWindow, trailing: 0 } };
}

function bitsOf(value: number): { readonly high: number; readonly low: number } {
  scratch[0] = value;
  return { high: scratchWords[1]!, low: scratchWords[0]! };
}

/** Writes a float whole in the first sample, else its change. */
function writeFloat(
  writer: BitWriter,
  state: FloatState,
  value: { readonly high: number; readonly low: number; readonly isFirst: boolean },
): void {
  const { high, low, isFirst } = value;
  if (isFirst) writer.words(high, low);
  else writeXor(writer, state.window, { high: high ^ state.high, low: low ^ state.low });
  state.high = high;
  state.low = low;
}

function floatWriter(writer: BitWriter, layout: HistogramLayout): SampleWriter {
  const [count, zeroCount, sum] = [newFloat(), newFloat(), newFloat()];
  const positive = layout.positive.map(newFloat);
  const negative = layout.negative.map(newFloat);
  return (histogram, isFirst) => {
    const write = (state: FloatState, value: number): void => {
      writeFloat(writer, state, { ...bitsOf(value), isFirst });
    };
    write(count, histogram?.count ?? 0);
    write(zeroCount, histogram?.zeroCount ?? 0);
    const sumBits = histogram === undefined ? staleSum : bitsOf(histogram.sum);
    writeFloat(writer, sum, { ...sumBits, isFirst });
    if (histogram === undefined) return;
    for (const [i, value] of spread(histogram.positive, layout.positive).entries()) {
      write(positive[i]!, value);
    }
    for (const [i, value] of spread(histogram.negative, layout.negative).entries()) {
      write(negative[i]!, value);
    }
  };
}

function integerWriter(writer: BitWriter, layout: HistogramLayout): SampleWriter {
  const sum = newFloat();
  const numbers = { value: 0, step: 0 };
  const count = { ...numbers };
  const zeroCount = { ...numbers };
  const positive = layout.positive.map(() => ({ ...numbers }));
  const negative = layout.negative.map(() => ({ ...numbers }));
  const further = (state: { value: number; step: number }, value: number): void => {
    const step = value - state.value;
    writer.varbitInt(step - state.step);
    state.value = value;
    state.step = step;
  };
  return (histogram, isFirst) => {
    for (const [state, value] of [
      [count, histogram?.count ?? 0],
      [zeroCount, histogram?.zeroCount ?? 0],
    ] as const) {
      if (isFirst) {
        writer.varbitUint(value);
        state.value = value;
      } else if (histogram === undefined) writer.varbitInt(0);
      else further(state, value);
    }
    const sumBits = histogram === undefined ? staleSum : bitsOf(histogram.sum);
    writeFloat(writer, sum, { ...sumBits, isFirst });
    if (histogram === undefined) return;
    const buckets = [
      [positive, differences(spread(histogram.positive, layout.positive))],
      [negative, differences(spread(histogram.negative, layout.negative))],
    ] as const;
    for (const [states, values] of buckets) {
      for (const [i, value] of values.entries()) {
        const state = states[i]!;
        if (isFirst) {
          writer.varbitInt(value);
          state.value = value;
        } else further(state, value);
      }
    }
  };
}

/** Counts of all buckets of a layout, 0 for those that are not populated. */
function spread(
  { indices, counts }: FloatHistogram["positive"],
  layout: readonly number[],
): readonly number[] {
  if (indices === layout) return counts;
  let next = 0;
  return layout.map((index) => (indices[next] === index ? counts[next++]! : 0));
}

/** What each bucket has more than the one before it. */
function differences(counts: readonly number[]): number[] {
  return counts.map((count, i) => count - (i === 0 ? 0 : counts[i - 1]!));
}
