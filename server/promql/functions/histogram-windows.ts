import { createHistogramFold, type FloatHistogram, type Labels } from "../../model/index.ts";

/** What stands beside the histograms of a window. */
export interface WindowFacts {
  /** The function's result over the window's floats, if there are any. */
  readonly float: number | undefined;
  readonly labels: Labels;
}

/** A sample from a window's histograms, of which there is one at least; undefined for none. */
export type HistogramWindowFunction = (
  histograms: readonly FloatHistogram[],
  facts: WindowFacts,
) => FloatHistogram | number | undefined;

const folded =
  (kind: "sum" | "mean"): HistogramWindowFunction =>
  (histograms, { float }) => {
    if (float !== undefined) return undefined;
    const fold = createHistogramFold(kind);
    for (const histogram of histograms) fold.add(histogram);
    return fold.result();
  };

/** Functions of windows that take histograms as they take floats. */
export const histogramWindows: Readonly<Record<string, HistogramWindowFunction>> = {
  sum_over_time: folded("sum"),
  avg_over_time: folded("mean"),
  count_over_time: ({ length }, { float = 0 }) => float + length,
  present_over_time: () => 1,
};
