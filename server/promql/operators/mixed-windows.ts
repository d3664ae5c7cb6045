import type { FloatHistogram } from "../../model/index.ts";
import type { SeriesColumns } from "../../storage/index.ts";
import type { HistogramWindowFunction, WindowFacts } from "../functions/histogram-windows.ts";
import type { KernelSetup, RangeKernel, WindowedSeries } from "../functions/range-kernel.ts";
import { setSample } from "./native-histograms.ts";
import { isPresent } from "./presence.ts";
import type { RangeCall } from "./range-call.ts";
import { samplesOfKind } from "./stale-markers.ts";
import type { EvalContext, StepColumn } from "./stream.ts";
import { createWidePlacer, createWindowPlacer } from "./window-placer.ts";

/** What the windows of series with histograms are filled with. */
export interface MixedFill {
  readonly call: RangeCall;
  /** The function over floats. */
  readonly kernel: RangeKernel;
  readonly times: Pick<KernelSetup, "windowEndsMs">;
  readonly ctx: EvalContext;
}

/** Returns what computes the column of a series that has histograms, perhaps beside floats. */
export function createMixedFill(fill: MixedFill): (series: SeriesColumns, out: StepColumn) => void {
  const { histograms } = fill.call;
  return typeof histograms === "function"
    ? byKind(fill, histograms)
    : ofAll(fill, histograms.ofAll);
}

/** For functions that go from sample to sample, of whichever kind each may be. */
function ofAll(
  { call, times, ctx }: MixedFill,
  compute: (series: WindowedSeries, from: number, to: number, step: number) => number,
): (series: SeriesColumns, out: StepColumn) => void {
  const place = createWindowPlacer(call.source, times.windowEndsMs, ctx.stepCounts);
  const { useStartTimestamps } = ctx.features;
  return (series, out) => {
    const windows = place(samplesOfKind(series, "all", useStartTimestamps), series.labels);
    const { starts, ends } = windows;
    for (let step = 0; step < starts.length; step++) {
      const [from, to] = [starts[step]!, ends[step]!];
      if (to > from) setSample(out, step, compute(windows, from, to, step));
    }
  };
}

/** Floats go to the kernel as if they were alone, histograms to the function for them. */
function byKind(
  { call, kernel, times, ctx }: MixedFill,
  compute: HistogramWindowFunction,
): (series: SeriesColumns, out: StepColumn) => void {
  const { source, position } = call;
  const { windowEndsMs } = times;
  const { annotations, features } = ctx;
  const placer = (): ReturnType<typeof createWindowPlacer> =>
    createWindowPlacer(source, windowEndsMs, ctx.stepCounts);
  const widePlacer = (): ReturnType<typeof createWindowPlacer> =>
    createWidePlacer(source, windowEndsMs);
  const [placeFloats, placeWideFloats] = [placer(), widePlacer()];
  const [placeNatives, placeWideNatives] = [placer(), widePlacer()];
  return (series, out) => {
    const { labels } = series;
    const floatColumns = samplesOfKind(series, "floats", features.useStartTimestamps);
    const nativeColumns = samplesOfKind(series, "histograms", features.useStartTimestamps);
    kernel(placeFloats(floatColumns, labels), out);
    const wideFloats = placeWideFloats(floatColumns, labels);
    const wideNatives = placeWideNatives(nativeColumns, labels);
    const natives = placeNatives(nativeColumns, labels);
    for (let step = 0; step < windowEndsMs.length; step++) {
      if (wideNatives.ends[step]! === wideNatives.starts[step]!) continue;
      const float = isPresent(out.present, step) ? out.values[step]! : undefined;
      out.present[step >>> 5]! &= ~(1 << (step & 31));
      const [from, to] = [natives.starts[step]!, natives.ends[step]!];
      const floatTimesMs = timesIn(wideFloats, step);
      if (from === to && floatTimesMs.length === 0) continue;
      const facts: WindowFacts = {
        ...{ float, hasFloats: floatTimesMs.length > 0, floatTimesMs, labels },
        ...{ timesMs: natives.timesMs.subarray(from, to), endMs: windowEndsMs[step]! },
        startTimesMs: natives.startTimesMs?.subarray(from, to),
        ...{ rangeMs: source.rangeMs, extended: source.reach.extended, annotations, position },
      };
      const window = (natives.histograms ?? []).slice(from, to) as FloatHistogram[];
      setSample(out, step, compute(window, facts));
    }
  };
}

function timesIn({ timesMs, starts, ends }: WindowedSeries, step: number): Float64Array {
  return timesMs.subarray(starts[step]!, ends[step]!);
}
