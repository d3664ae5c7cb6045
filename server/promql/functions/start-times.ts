import { setPresent } from "../operators/presence.ts";
import { remarkOnMetric } from "./metric-remarks.ts";
import type { KernelSetup, RangeKernel, WindowedSeries } from "./range-kernel.ts";
import { durationSeconds, type RateMode } from "./rate-mode.ts";

/**
 * True when the start time of sample `i` tells that its counter began after the sample before.
 * One that began at the very time of the sample before is a delta, unless that sample's own
 * start is not known: then so begins a counter of which nobody knows the start.
 */
export function isStartReset(
  startTimesMs: Float64Array | undefined,
  timesMs: Float64Array,
  i: number,
): boolean {
  if (startTimesMs === undefined) return false;
  const startMs = startTimesMs[i]!;
  const [beforeMs, startBeforeMs] = [timesMs[i - 1]!, startTimesMs[i - 1]!];
  if (startMs === 0 || startMs >= timesMs[i]!) return false;
  if (startMs !== beforeMs) return startMs > beforeMs;
  return startBeforeMs !== 0 && startBeforeMs < beforeMs;
}

/** True when sample `i` counts from before the sample before, and yet from elsewhere than it. */
export function isOverlapping(
  startTimesMs: Float64Array,
  timesMs: Float64Array,
  i: number,
): boolean {
  const startMs = startTimesMs[i]!;
  return startMs !== 0 && startMs < timesMs[i - 1]! && startMs !== startTimesMs[i - 1]!;
}

/** The remark that is due when samples overlap. */
export const overlapText =
  "sample has start time that overlaps with previous sample timestamp for metric";

/**
 * When the first sample of a window tells that its counter began inside the window: that time,
 * at which the counter was 0. Else undefined.
 */
export function startInside(
  startMs: number,
  window: { readonly firstMs: number; readonly rangeStartMs: number },
): number | undefined {
  const isInside = startMs !== 0 && startMs > window.rangeStartMs && startMs < window.firstMs;
  return isInside ? startMs : undefined;
}

/** Rate and increase of counters that say when they began; else as without. */
export function extrapolatedFromStarts(setup: KernelSetup, mode: RateMode): RangeKernel {
  const { stepCount, windowEndsMs, rangeMs } = setup;
  const divisor = mode.perSecond ? durationSeconds(rangeMs) : 1;
  return (series, out) => {
    const { starts, ends, values, timesMs } = series;
    const startTimesMs = series.startTimesMs as Float64Array;
    for (let step = 0; step < stepCount; step++) {
      const [from, last] = [starts[step]!, ends[step]! - 1];
      if (last < from) continue;
      const endMs = windowEndsMs[step]!;
      const rangeStartMs = endMs - rangeMs;
      const increased = sumOfIncreases(series, { from, last }, setup);
      const firstMs = timesMs[from]!;
      const startMs = startInside(startTimesMs[from]!, { firstMs, rangeStartMs });
      if (startMs === undefined && last === from) continue;
      const window = { firstMs, lastMs: timesMs[last]!, gaps: last - from, startMs };
      const factor = stretch({ ...window, rangeStartMs, endMs }, values[from]!, increased);
      const result = startMs === undefined ? increased : increased + values[from]!;
      out.values[step] = result * (factor / divisor);
      setPresent(out.present, step);
    }
  };
}

/** From the first to the last sample, resets by value or by start time included. */
function sumOfIncreases(
  series: WindowedSeries,
  { from, last }: { readonly from: number; readonly last: number },
  { annotations, rangePosition }: KernelSetup,
): number {
  const { values, timesMs, labels } = series;
  const startTimesMs = series.startTimesMs as Float64Array;
  let increased = values[last]! - values[from]!;
  let overlaps = false;
  for (let i = from + 1; i <= last; i++) {
    overlaps ||= isOverlapping(startTimesMs, timesMs, i);
    const before = values[i - 1]!;
    if (values[i]! < before || isStartReset(startTimesMs, timesMs, i)) increased += before;
  }
  if (overlaps) {
    const place = { labels, annotations, position: rangePosition };
    remarkOnMetric("warning", overlapText, place);
  }
  return increased;
}

/** What samples of a counter say about the part of a window that they cover. */
export interface CoveredWindow {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Samples less one. */
  readonly gaps: number;
  /** When the counter was 0, if it is known and inside the window. */
  readonly startMs: number | undefined;
  readonly rangeStartMs: number;
  readonly endMs: number;
}

/**
 * By what the increase over the samples must be multiplied so that it stands for the window: as
 * far to both sides as the distance between samples lets one guess. `first` is the counter at
 * the first sample and `increased` how far it rose from there on.
 */
export function stretch(window: CoveredWindow, first: number, increased: number): number {
  const { firstMs, lastMs, gaps, startMs, rangeStartMs, endMs } = window;
  const sampled = (lastMs - firstMs) / 1000;
  const average = gaps > 0 ? sampled / gaps : 0;
  const threshold = average * 1.1;
  let toStart = (firstMs - rangeStartMs) / 1000;
  let toEnd = (endMs - lastMs) / 1000;
  if (toEnd >= threshold) toEnd = average / 2;
  if (startMs !== undefined) {
    const counted = (lastMs - startMs) / 1000;
    return (counted + toEnd) / counted;
  }
  if (toStart >= threshold) toStart = average / 2;
  if (increased > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / increased));
  return (sampled + toStart + toEnd) / sampled;
}
