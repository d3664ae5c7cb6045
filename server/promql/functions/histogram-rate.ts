import {
  addHistograms,
  detectReset,
  emptyHistogram,
  type FloatHistogram,
  hasCustomBuckets,
  reduceResolution,
  subtractHistograms,
} from "../../model/index.ts";
import { mixedBucketsText, type RemarkPlace, remarkOnMetric } from "./metric-remarks.ts";
import { overlapText } from "./start-times.ts";

/** What a function over histograms has to say. */
export type RemarkOnHistograms = (remark: HistogramRemark) => void;

/** Remarks on histograms of a window, by what they say. */
export type HistogramRemark =
  | "not-counter"
  | "not-gauge"
  | "mixed-buckets"
  | "overlap"
  | "reconciled-subtraction"
  | "reconciled-addition";

/** Two or more histograms of a series. */
export interface HistogramWindow {
  readonly histograms: readonly FloatHistogram[];
  readonly counter: boolean;
  /** True when start times tell of a reset between histogram `i` and the one before. */
  isReset(i: number): boolean;
  readonly remark: RemarkOnHistograms;
}

/**
 * The difference between the last and the first histogram of a window; for counters plus what
 * resets hid. A first histogram that was reset at once is only a beginning.
 */
export function histogramDifference(window: HistogramWindow): FloatHistogram | undefined {
  const { histograms, counter, remark } = window;
  const first = histograms[0] as FloatHistogram;
  const second = histograms[1] as FloatHistogram;
  const last = histograms.at(-1) as FloatHistogram;
  const isReset = counter && (window.isReset(1) || detectReset(second, first));
  const { schema, customBounds, zeroThreshold } = second;
  const start = isReset ? { ...emptyHistogram, schema, customBounds, zeroThreshold } : first;
  if (counter && histograms.some(({ hint }) => hint === "gauge")) remark("not-counter");
  const checked = [start, ...(counter ? histograms.slice(1, -1) : []), last];
  if (checked.some((h) => hasCustomBuckets(h) !== hasCustomBuckets(start))) {
    remark("mixed-buckets");
    return undefined;
  }
  const schemaMin = Math.min(...checked.map((h) => h.schema));
  const difference = subtractHistograms(reduceResolution(last, schemaMin), start);
  if (difference === undefined) return undefined;
  if (difference.reconciled) remark("reconciled-subtraction");
  if (!counter) {
    if (first.hint !== "gauge" || last.hint !== "gauge") remark("not-gauge");
    return difference.histogram;
  }
  return withResets(difference.histogram, {
    ...window,
    histograms: [start, ...histograms.slice(1)],
  });
}

function withResets(
  difference: FloatHistogram,
  { histograms, isReset, remark }: HistogramWindow,
): FloatHistogram {
  let result = difference;
  for (let i = 1; i < histograms.length; i++) {
    const before = histograms[i - 1] as FloatHistogram;
    if (!isReset(i) && !detectReset(histograms[i] as FloatHistogram, before)) continue;
    const added = addHistograms(result, before);
    if (added === undefined) continue;
    if (added.reconciled) remark("reconciled-addition");
    result = added.histogram;
  }
  return { ...result, hint: "gauge" };
}

/** Puts a remark into words. */
export function remarkOnHistograms(remark: HistogramRemark, place: RemarkPlace): void {
  switch (remark) {
    case "not-counter":
      return remarkOnMetric("warning", "this native histogram metric is not a counter:", place);
    case "not-gauge":
      return remarkOnMetric("warning", "this native histogram metric is not a gauge:", place);
    case "mixed-buckets":
      return remarkOnMetric("warning", mixedBucketsText, place);
    case "overlap":
      return remarkOnMetric("warning", overlapText, place);
    default: {
      const during = remark === "reconciled-addition" ? "addition" : "subtraction";
      const text = `mismatched custom buckets were reconciled during ${during}`;
      place.annotations.add({ kind: "info", text, position: place.position });
    }
  }
}
