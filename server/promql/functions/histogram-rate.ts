import {
  addHistograms,
  detectReset,
  emptyHistogram,
  type FloatHistogram,
  hasCustomBuckets,
  reduceResolution,
  subtractHistograms,
} from "../../model/index.ts";

/** What a function over histograms has to say. */
export type RemarkOnHistograms = (remark: HistogramRemark) => void;

/** Remarks on histograms of a window, by what they say. */
export type HistogramRemark =
  | "not-counter"
  | "not-gauge"
  | "mixed-buckets"
  | "reconciled-subtraction"
  | "reconciled-addition";

/**
 * The difference between the last and the first histogram of a window of two or more; for
 * counters plus what resets hid. A first histogram that was reset at once is only a beginning.
 */
export function histogramDifference(
  histograms: readonly FloatHistogram[],
  counter: boolean,
  remark: RemarkOnHistograms,
): FloatHistogram | undefined {
  const first = histograms[0] as FloatHistogram;
  const second = histograms[1] as FloatHistogram;
  const last = histograms.at(-1) as FloatHistogram;
  const isReset = counter && detectReset(second, first);
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
  return { ...withResets(difference.histogram, [start, ...histograms.slice(1)], remark) };
}

function withResets(
  difference: FloatHistogram,
  histograms: readonly FloatHistogram[],
  remark: RemarkOnHistograms,
): FloatHistogram {
  let result = difference;
  for (let i = 1; i < histograms.length; i++) {
    const before = histograms[i - 1] as FloatHistogram;
    if (!detectReset(histograms[i] as FloatHistogram, before)) continue;
    const added = addHistograms(result, before);
    if (added === undefined) continue;
    if (added.reconciled) remark("reconciled-addition");
    result = added.histogram;
  }
  return { ...result, hint: "gauge" };
}

/** The window of a rate. */
export interface RateWindow {
  /** Times of the histograms. */
  readonly timesMs: Float64Array;
  readonly endMs: number;
  readonly rangeMs: number;
  readonly counter: boolean;
  readonly perSecond: boolean;
}

/** By what a difference must be multiplied so that it stands for the whole window. */
export function extrapolationFactor(
  first: FloatHistogram,
  difference: FloatHistogram,
  window: RateWindow,
): number {
  const { timesMs, endMs, rangeMs, counter, perSecond } = window;
  const [firstMs, lastMs] = [timesMs[0]!, timesMs[timesMs.length - 1]!];
  const interval = (lastMs - firstMs) / 1000;
  const average = interval / (timesMs.length - 1);
  let toStart = (firstMs - (endMs - rangeMs)) / 1000;
  let toEnd = (endMs - lastMs) / 1000;
  if (toStart >= average * 1.1) toStart = average / 2;
  if (counter && difference.count > 0 && first.count >= 0) {
    toStart = Math.min(toStart, interval * (first.count / difference.count));
  }
  if (toEnd >= average * 1.1) toEnd = average / 2;
  const factor = (interval + toStart + toEnd) / interval;
  return perSecond ? factor / (rangeMs / 1000) : factor;
}
