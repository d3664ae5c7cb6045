import {
  addHistograms,
  createHistogramFold,
  divideHistogram,
  type FloatHistogram,
  scaleHistogram,
} from "../../model/index.ts";
import { extendedHistogramDifference } from "./extended-histograms.ts";
import { histogramDifference, type HistogramRemark, remarkOnHistograms } from "./histogram-rate.ts";
import {
  mixedBucketsText,
  mixedKindsText,
  type RemarkPlace,
  remarkOnMetric,
} from "./metric-remarks.ts";
import type { Extended } from "./range-kernel.ts";
import { durationSeconds, type RateMode } from "./rate-mode.ts";
import { isOverlapping, isStartReset, startInside, stretch } from "./start-times.ts";

/** What stands beside the histograms of a window; of an extended one, as far as it reaches. */
export interface WindowFacts extends RemarkPlace {
  /** The function's result over the window's floats, if there is one. */
  readonly float: number | undefined;
  readonly hasFloats: boolean;
  /** Times of the floats; may be empty. */
  readonly floatTimesMs: Float64Array;
  /** Times of the histograms. */
  readonly timesMs: Float64Array;
  /** When their counters began, as in SeriesColumns. */
  readonly startTimesMs: Float64Array | undefined;
  readonly endMs: number;
  readonly rangeMs: number;
  readonly extended: Extended;
}

/** A sample from a window's histograms, of which there is one at least; undefined for none. */
export type HistogramWindowFunction = (
  histograms: readonly FloatHistogram[],
  facts: WindowFacts,
) => FloatHistogram | number | undefined;

function remarkOnMix(facts: WindowFacts): undefined {
  remarkOnMetric("warning", mixedKindsText, facts);
  return undefined;
}

const folded =
  (kind: "sum" | "mean"): HistogramWindowFunction =>
  (histograms, facts) => {
    if (facts.hasFloats) return remarkOnMix(facts);
    const fold = createHistogramFold(kind);
    for (const histogram of histograms) fold.add(histogram);
    const { annotations, position } = facts;
    if (fold.remarks.incompatible) remarkOnMetric("warning", mixedBucketsText, facts);
    if (fold.remarks.reconciled) {
      const text = "mismatched custom buckets were reconciled during aggregation";
      annotations.add({ kind: "info", text, position });
    }
    if (fold.remarks.collision) {
      const text = "conflicting counter resets during histogram aggregation";
      annotations.add({ kind: "warning", text, position });
    }
    return fold.result();
  };

const difference =
  (mode: RateMode): HistogramWindowFunction =>
  (histograms, facts) => {
    if (facts.hasFloats) return remarkOnMix(facts);
    if (facts.extended === undefined) return extrapolated(histograms, facts, mode);
    const { extended, timesMs, endMs, rangeMs } = facts;
    const result = extendedHistogramDifference({
      ...{ histograms, timesMs, counter: mode.counter, smoothed: extended === "smoothed" },
      ...{ startMs: endMs - rangeMs, endMs },
      remark: (what) => remarkOnHistograms(what, facts),
    });
    if (result === undefined || !mode.perSecond) return result;
    return divideHistogram(result, durationSeconds(rangeMs));
  };

/** Stretched to the window as floats are. */
function extrapolated(
  histograms: readonly FloatHistogram[],
  facts: WindowFacts,
  { counter, perSecond }: RateMode,
): FloatHistogram | undefined {
  const { timesMs, endMs, rangeMs } = facts;
  const startTimesMs = counter ? facts.startTimesMs : undefined;
  const remark = (what: HistogramRemark): void => remarkOnHistograms(what, facts);
  const first = histograms[0] as FloatHistogram;
  const [firstMs, lastMs, gaps] = [timesMs[0]!, timesMs.at(-1)!, histograms.length - 1];
  const rangeStartMs = endMs - rangeMs;
  const startMs = startInside(startTimesMs?.[0] ?? 0, { firstMs, rangeStartMs });
  let increased: FloatHistogram | undefined = first;
  if (gaps > 0) {
    const isReset = (i: number): boolean => isStartReset(startTimesMs, timesMs, i);
    if (hasOverlap(startTimesMs, timesMs)) remark("overlap");
    increased = histogramDifference({ histograms, counter, isReset, remark });
    if (increased === undefined) return undefined;
  } else if (startMs === undefined) return undefined;
  const window = { firstMs, lastMs, gaps, startMs, rangeStartMs, endMs };
  const known = counter ? first.count : -1;
  const factor = stretch(window, known, increased.count);
  if (startMs !== undefined && gaps > 0) {
    const added = addHistograms(increased, first);
    if (added === undefined) {
      remark("mixed-buckets");
      return undefined;
    }
    if (added.reconciled) remark("reconciled-addition");
    increased = added.histogram;
  }
  return scaleHistogram(increased, perSecond ? factor / durationSeconds(rangeMs) : factor);
}

function hasOverlap(startTimesMs: Float64Array | undefined, timesMs: Float64Array): boolean {
  if (startTimesMs === undefined) return false;
  for (let i = 1; i < timesMs.length; i++) {
    if (isOverlapping(startTimesMs, timesMs, i)) return true;
  }
  return false;
}

/** Between the last two samples of a window, which must be of one kind. */
function betweenLast(counter: boolean): HistogramWindowFunction {
  return (histograms, facts) => {
    const { timesMs, floatTimesMs, startTimesMs } = facts;
    const [lastMs, beforeMs] = [timesMs.at(-1) ?? 0, timesMs.at(-2) ?? -Infinity];
    if ((floatTimesMs.at(-2) ?? -Infinity) > lastMs) return facts.float;
    if ((floatTimesMs.at(-1) ?? -Infinity) > beforeMs) return remarkOnMix(facts);
    if (histograms.length < 2) return undefined;
    const last = histograms.length - 1;
    const result = histogramDifference({
      ...{ histograms: histograms.slice(-2), counter },
      isReset: () => isStartReset(startTimesMs, timesMs, last),
      remark: (what) => remarkOnHistograms(what, facts),
    });
    if (result === undefined || !counter) return result;
    return divideHistogram(result, (lastMs - beforeMs) / 1000);
  };
}

/** Functions of windows that take histograms as they take floats. */
export const histogramWindows: Readonly<Record<string, HistogramWindowFunction>> = {
  rate: difference({ counter: true, perSecond: true }),
  increase: difference({ counter: true, perSecond: false }),
  delta: difference({ counter: false, perSecond: false }),
  sum_over_time: folded("sum"),
  avg_over_time: folded("mean"),
  count_over_time: ({ length }, { float = 0 }) => float + length,
  present_over_time: () => 1,
  last_over_time: (histograms, { float, timesMs, floatTimesMs }) =>
    (floatTimesMs.at(-1) ?? -Infinity) > (timesMs.at(-1) ?? 0) ? float : histograms.at(-1),
  first_over_time: (histograms, { float, timesMs, floatTimesMs }) =>
    (floatTimesMs[0] ?? Infinity) < (timesMs[0] ?? 0) ? float : histograms[0],
  irate: betweenLast(true),
  idelta: betweenLast(false),
};

/** What functions do that know only floats: a mixed window is remarked on. */
export const ignoredHistograms: HistogramWindowFunction = (_histograms, facts) => {
  if (!facts.hasFloats) return undefined;
  const text =
    "ignored histograms in a range containing both floats and histograms for metric name";
  remarkOnMetric("info", text, facts);
  return facts.float;
};
