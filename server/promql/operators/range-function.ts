import { type FloatHistogram, type Labels, labelsKey } from "../../model/index.ts";
import type { Annotations } from "../annotations.ts";
import type { SeriesColumns } from "../../storage/index.ts";
import type { HistogramWindowFunction } from "../functions/histogram-windows.ts";
import type { Position } from "../parser/index.ts";
import type { KernelSetup, RangeKernel, WindowedSeries } from "../functions/range-kernel.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { shiftedMs } from "../plan/selector-ranges.ts";
import { sameLabelsError } from "../query-error.ts";
import { withoutName } from "./label-sets.ts";
import { setSample } from "./native-histograms.ts";
import { isEmpty, isPresent } from "./presence.ts";
import { type CleanColumns, createMarkerFilter, type RangeSource } from "./range-source.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type StepColumn,
  type StepStream,
} from "./stream.ts";

/** A function call over a range vector. */
export interface RangeCall {
  readonly source: RangeSource;
  /** Makes the kernel once the times of the steps are known. */
  kernel(times: Pick<KernelSetup, "stepTimesMs" | "windowEndsMs">): Promise<RangeKernel>;
  /** True for functions that hand samples through and so keep the metric name. */
  readonly keepsName: boolean;
  /** What the function makes of histograms; without it they are left out. */
  readonly histograms?: HistogramWindowFunction | undefined;
  /** Place of the range vector, for remarks on histograms. */
  readonly position: Position;
  /** Told of each series that gave a result. */
  readonly onResult?: (series: SeriesColumns) => void;
}

/** Applies a kernel to every series: one pass over its samples, nothing allocated per series. */
export function rangeFunction(call: RangeCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const { source, keepsName } = call;
  const delayed = ctx.features.delayedNameRemoval;
  const dropsName = !keepsName && !delayed;
  return {
    metricName: dropsName ? source.metricName && "" : source.metricName,
    async *batches() {
      if (grid.count === 0) return;
      const times = stepTimes(source, grid);
      const kernel = await call.kernel(times);
      const placeWindows = createWindowPlacer(source, times.windowEndsMs, ctx);
      const unmarked = createMarkerFilter();
      const checkLabels = createUniqueCheck(dropsName && source.metricName === undefined);
      const builder = createBatchBuilder(grid.count);
      for await (const batch of source.batches()) {
        for (const series of batch.series) {
          await checkpoint(ctx);
          const column = builder.column();
          if (series.histograms === undefined) {
            kernel(placeWindows(unmarked(series), series), column);
          } else {
            const mixed = { call, series, kernel, times, annotations: ctx.annotations };
            mixedWindows({ ...mixed, place: placeWindows, unmarked }, column);
          }
          if (isEmpty(column.present)) continue;
          column.labels = dropsName ? withoutName(series.labels) : series.labels;
          checkLabels(column.labels);
          column.dropName = delayed && !keepsName;
          call.onResult?.(series);
          builder.commit();
          if (builder.isFull()) yield builder.take();
        }
      }
      if (!builder.isEmpty()) yield builder.take();
    },
  };
}

interface MixedWindows {
  readonly call: RangeCall;
  readonly series: SeriesColumns;
  readonly kernel: RangeKernel;
  readonly times: Pick<KernelSetup, "windowEndsMs">;
  readonly annotations: Annotations;
  readonly place: (columns: CleanColumns, series: SeriesColumns) => WindowedSeries;
  readonly unmarked: (series: SeriesColumns) => CleanColumns;
}

/** Floats go to the kernel as if they were alone, histograms to the function for them. */
function mixedWindows(mixed: MixedWindows, out: StepColumn): void {
  const { call, series, kernel, place, unmarked, times, annotations } = mixed;
  const isFloat = (i: number): boolean => series.histograms?.[i] === undefined;
  const floats = place(unmarked(pick(series, isFloat)), series);
  kernel(floats, out);
  if (call.histograms === undefined) return;
  const floatTimesMs = floats.timesMs;
  const [floatStarts, floatEnds] = [floats.starts.slice(), floats.ends.slice()];
  const natives = pick(series, (i) => series.histograms?.[i] !== undefined);
  const windows = place({ ...natives, from: 0, to: natives.to }, series);
  const { starts, ends } = windows;
  for (let step = 0; step < starts.length; step++) {
    const [from, to] = [starts[step]!, ends[step]!];
    if (from === to) continue;
    const histograms = (natives.histograms ?? []).slice(from, to) as FloatHistogram[];
    const float = isPresent(out.present, step) ? out.values[step]! : undefined;
    out.present[step >>> 5]! &= ~(1 << (step & 31));
    const facts = {
      ...{ float, hasFloats: floatEnds[step]! > floatStarts[step]!, labels: series.labels },
      floatTimesMs: floatTimesMs.subarray(floatStarts[step]!, floatEnds[step]!),
      ...{ timesMs: natives.timesMs.subarray(from, to), endMs: times.windowEndsMs[step]! },
      ...{ rangeMs: call.source.rangeMs, annotations, position: call.position },
    };
    setSample(out, step, call.histograms(histograms, facts));
  }
}

/** A copy of the samples whose index is wanted. */
function pick(series: SeriesColumns, wanted: (index: number) => boolean): SeriesColumns {
  const places: number[] = [];
  for (let i = series.from; i < series.to; i++) if (wanted(i)) places.push(i);
  const words = new Uint32Array(places.length * 2);
  for (const [i, place] of places.entries()) {
    words[2 * i] = series.words[2 * place]!;
    words[2 * i + 1] = series.words[2 * place + 1]!;
  }
  return {
    labels: series.labels,
    timesMs: Float64Array.from(places, (place) => series.timesMs[place]!),
    values: new Float64Array(words.buffer),
    words,
    ...{ from: 0, to: places.length },
    histograms: places.map((place) => series.histograms?.[place]),
  };
}

/**
 * Refuses label sets that come again, though they may not meet at any step: so does Prometheus.
 * Keys are kept only where names that differ are dropped.
 */
function createUniqueCheck(needed: boolean): (labels: Labels) => void {
  const seen = new Set<string>();
  return (labels) => {
    if (!needed) return;
    const key = labelsKey(labels);
    if (seen.has(key)) throw sameLabelsError();
    seen.add(key);
  };
}

function stepTimes(
  source: RangeSource,
  grid: StepGrid,
): Pick<KernelSetup, "stepTimesMs" | "windowEndsMs"> {
  const stepTimesMs = new Float64Array(grid.count);
  const windowEndsMs = new Float64Array(grid.count);
  for (let step = 0; step < grid.count; step++) {
    stepTimesMs[step] = stepTimeMs(grid, step);
    windowEndsMs[step] = shiftedMs(source.shift, stepTimeMs(grid, step));
  }
  return { stepTimesMs, windowEndsMs };
}

/** Moves both ends of the window along a series' times; windows are (end - range, end]. */
function createWindowPlacer(
  { rangeMs }: RangeSource,
  windowEndsMs: Float64Array,
  { stepCounts }: EvalContext,
): (columns: CleanColumns, series: SeriesColumns) => WindowedSeries {
  const stepCount = windowEndsMs.length;
  const starts = new Int32Array(stepCount);
  const ends = new Int32Array(stepCount);
  const none = new Float64Array(0);
  const windowed: WindowedSeries = {
    ...{ labels: [], timesMs: none, values: none, from: 0, to: 0 },
    ...{ starts, ends },
  };
  return ({ timesMs, values, from, to }, { labels }) => {
    let start = from;
    let end = from;
    for (let step = 0; step < stepCount; step++) {
      const endMs = windowEndsMs[step]!;
      while (end < to && timesMs[end]! <= endMs) end++;
      while (start < end && timesMs[start]! <= endMs - rangeMs) start++;
      starts[step] = start;
      ends[step] = end;
    }
    stepCounts?.addWindows(starts, ends);
    windowed.labels = labels;
    windowed.timesMs = timesMs;
    windowed.values = values;
    windowed.from = from;
    windowed.to = to;
    return windowed;
  };
}
