import {
  addHistograms,
  detectReset,
  type FloatHistogram,
  hasCustomBuckets,
  scaleHistogram,
  subtractHistograms,
} from "../../model/index.ts";
import type { RemarkOnHistograms } from "./histogram-rate.ts";

/** The histograms in and around a window (startMs, endMs], of which there is one at least. */
export interface ExtendedHistograms {
  readonly histograms: readonly FloatHistogram[];
  readonly timesMs: Float64Array;
  readonly startMs: number;
  readonly endMs: number;
  readonly smoothed: boolean;
  readonly counter: boolean;
  readonly remark: RemarkOnHistograms;
}

/**
 * The difference between what a series has at both bounds of an extended window, for counters
 * plus what resets hid; as `extendedDifference` does it for floats. A gauge, or undefined when
 * the histograms do not go together.
 */
export function extendedHistogramDifference(
  window: ExtendedHistograms,
): FloatHistogram | undefined {
  const { histograms, counter, remark } = window;
  const custom = hasCustomBuckets(histograms[0] as FloatHistogram);
  for (const h of histograms) {
    if (hasCustomBuckets(h) !== custom) {
      remark("mixed-buckets");
      return undefined;
    }
    if (counter && h.hint === "gauge") remark("not-counter");
  }
  const [left, right] = [leftBound(window), rightBound(window)];
  if (left === undefined || right === undefined) return undefined;
  if (!counter && (left.hint !== "gauge" || right.hint !== "gauge")) remark("not-gauge");
  const difference = subtractHistograms(right, left);
  if (difference === undefined) return undefined;
  if (difference.reconciled) remark("reconciled-subtraction");
  if (!counter) return difference.histogram;
  const hidden = hiddenByResets(window, left, right);
  if (hidden === undefined) return difference.histogram;
  const whole = addHistograms(difference.histogram, hidden);
  if (whole?.reconciled) remark("reconciled-addition");
  return whole && { ...whole.histogram, hint: "gauge" };
}

function leftBound(window: ExtendedHistograms): FloatHistogram | undefined {
  const { histograms, timesMs, startMs, smoothed } = window;
  if (!smoothed || timesMs[0]! >= startMs) return histograms[0];
  return interpolateHistograms(pairAt(window, 0), startMs, window);
}

function rightBound(window: ExtendedHistograms): FloatHistogram | undefined {
  const { histograms, timesMs, endMs, smoothed } = window;
  const last = histograms.length - 1;
  if (!smoothed || last === 0 || timesMs[last]! <= endMs) return histograms[last];
  return interpolateHistograms(pairAt(window, last - 1), endMs, window);
}

function pairAt({ histograms, timesMs }: ExtendedHistograms, i: number): HistogramPair {
  return {
    ...{ before: histograms[i] as FloatHistogram, beforeMs: timesMs[i]! },
    ...{ after: histograms[i + 1] as FloatHistogram, afterMs: timesMs[i + 1]! },
  };
}

/** Two histograms that follow each other. */
export interface HistogramPair {
  readonly before: FloatHistogram;
  readonly beforeMs: number;
  readonly after: FloatHistogram;
  readonly afterMs: number;
}

/**
 * The histogram on the line between two; a counter that was reset between them began at 0.
 * Undefined when one has custom buckets and the other has not.
 */
export function interpolateHistograms(
  { before, beforeMs, after, afterMs }: HistogramPair,
  timeMs: number,
  { counter, remark }: { readonly counter: boolean; readonly remark: RemarkOnHistograms },
): FloatHistogram | undefined {
  if (timeMs === beforeMs) return before;
  if (timeMs === afterMs) return after;
  const fraction = (timeMs - beforeMs) / (afterMs - beforeMs);
  if (counter && detectReset(after, before)) return scaleHistogram(after, fraction);
  const difference = subtractHistograms(after, before);
  if (difference === undefined) return undefined;
  if (difference.reconciled) remark("reconciled-subtraction");
  const result = addHistograms(scaleHistogram(difference.histogram, fraction), before);
  if (result?.reconciled) remark("reconciled-addition");
  return result?.histogram;
}

/**
 * The sum of what counters had when they were reset. The bounds are compared instead of the first
 * and the last histogram; a left bound that lies across a reset has accounted for it, then the
 * histogram after the reset takes its place.
 */
function hiddenByResets(
  { histograms, timesMs, startMs, smoothed, remark }: ExtendedHistograms,
  left: FloatHistogram,
  right: FloatHistogram,
): FloatHistogram | undefined {
  const last = histograms.length - 1;
  const at = (i: number): FloatHistogram => histograms[i] as FloatHistogram;
  const spent = smoothed && timesMs[0]! < startMs && detectReset(at(1), at(0));
  const first = spent ? 2 : 1;
  if (first > last) return undefined;
  let before = spent ? at(1) : left;
  let hidden: FloatHistogram | undefined;
  for (let i = first; i <= last; i++) {
    const h = i === last ? right : at(i);
    if (detectReset(h, before)) {
      const sum = hidden === undefined ? undefined : addHistograms(hidden, before);
      if (sum?.reconciled) remark("reconciled-addition");
      hidden = hidden === undefined ? before : (sum?.histogram ?? hidden);
    }
    before = h;
  }
  return hidden;
}
