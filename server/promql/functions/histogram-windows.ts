import {
  createHistogramFold,
  divideHistogram,
  type FloatHistogram,
  type Labels,
  labelValue,
  metricNameLabel,
  scaleHistogram,
} from "../../model/index.ts";
import type { Annotations } from "../annotations.ts";
import { quoteString } from "../parser/go-text.ts";
import type { Position } from "../parser/index.ts";
import {
  extrapolationFactor,
  histogramDifference,
  type HistogramRemark,
} from "./histogram-rate.ts";

/** What stands beside the histograms of a window. */
export interface WindowFacts {
  /** The function's result over the window's floats, if there is one. */
  readonly float: number | undefined;
  readonly hasFloats: boolean;
  readonly labels: Labels;
  /** Times of the floats; may be empty. */
  readonly floatTimesMs: Float64Array;
  /** Times of the histograms. */
  readonly timesMs: Float64Array;
  readonly endMs: number;
  readonly rangeMs: number;
  readonly annotations: Annotations;
  /** Place of the range vector. */
  readonly position: Position;
}

/** A sample from a window's histograms, of which there is one at least; undefined for none. */
export type HistogramWindowFunction = (
  histograms: readonly FloatHistogram[],
  facts: WindowFacts,
) => FloatHistogram | number | undefined;

function remarkOnMetric(kind: "warning" | "info", text: string, facts: WindowFacts): void {
  const name = quoteString(labelValue(facts.labels, metricNameLabel));
  facts.annotations.add({ kind, text: `${text} ${name}`, position: facts.position });
}

function remarkOnMix(facts: WindowFacts): undefined {
  const text = "encountered a mix of histograms and floats for metric name";
  remarkOnMetric("warning", text, facts);
  return undefined;
}

const folded =
  (kind: "sum" | "mean"): HistogramWindowFunction =>
  (histograms, facts) => {
    if (facts.hasFloats) return remarkOnMix(facts);
    const fold = createHistogramFold(kind);
    for (const histogram of histograms) fold.add(histogram);
    const { annotations, position } = facts;
    if (fold.remarks.incompatible) remarkOnMetric("warning", mixedBuckets, facts);
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

const mixedBuckets =
  "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";

function remarkOnHistograms(remark: HistogramRemark, facts: WindowFacts): void {
  switch (remark) {
    case "not-counter":
      return remarkOnMetric("warning", "this native histogram metric is not a counter:", facts);
    case "not-gauge":
      return remarkOnMetric("warning", "this native histogram metric is not a gauge:", facts);
    case "mixed-buckets":
      return remarkOnMetric("warning", mixedBuckets, facts);
    default: {
      const during = remark === "reconciled-addition" ? "addition" : "subtraction";
      const text = `mismatched custom buckets were reconciled during ${during}`;
      facts.annotations.add({ kind: "info", text, position: facts.position });
    }
  }
}

const extrapolated =
  (mode: { readonly counter: boolean; readonly perSecond: boolean }): HistogramWindowFunction =>
  (histograms, facts) => {
    if (facts.hasFloats) return remarkOnMix(facts);
    if (histograms.length < 2) return undefined;
    const remark = (what: HistogramRemark): void => remarkOnHistograms(what, facts);
    const difference = histogramDifference(histograms, mode.counter, remark);
    if (difference === undefined) return undefined;
    const first = histograms[0] as FloatHistogram;
    return scaleHistogram(
      difference,
      extrapolationFactor(first, difference, { ...facts, ...mode }),
    );
  };

/** Between the last two samples of a window, which must be of one kind. */
function betweenLast(counter: boolean): HistogramWindowFunction {
  return (histograms, facts) => {
    const { timesMs, floatTimesMs } = facts;
    const [lastMs, beforeMs] = [timesMs.at(-1) ?? 0, timesMs.at(-2) ?? -Infinity];
    if ((floatTimesMs.at(-2) ?? -Infinity) > lastMs) return facts.float;
    if ((floatTimesMs.at(-1) ?? -Infinity) > beforeMs) return remarkOnMix(facts);
    if (histograms.length < 2) return undefined;
    const pair = histograms.slice(-2);
    const remark = (what: HistogramRemark): void => remarkOnHistograms(what, facts);
    const difference = histogramDifference(pair, counter, remark);
    if (difference === undefined || !counter) return difference;
    return divideHistogram(difference, (lastMs - beforeMs) / 1000);
  };
}

/** Functions of windows that take histograms as they take floats. */
export const histogramWindows: Readonly<Record<string, HistogramWindowFunction>> = {
  rate: extrapolated({ counter: true, perSecond: true }),
  increase: extrapolated({ counter: true, perSecond: false }),
  delta: extrapolated({ counter: false, perSecond: false }),
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
