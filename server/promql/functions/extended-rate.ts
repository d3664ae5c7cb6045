import { setPresent } from "../operators/presence.ts";
import type { KernelSetup, RangeKernel, WindowedSeries } from "./range-kernel.ts";
import { durationSeconds, type RateMode } from "./rate-mode.ts";

/**
 * Rate, increase and delta of anchored and smoothed windows: the difference between the values
 * at both bounds, plus what resets hid. Nothing is extrapolated: an anchored bound has the value
 * of the last sample at or before it, a smoothed one lies on the line between its neighbours.
 */
export function extendedDifference(setup: KernelSetup, mode: RateMode): RangeKernel {
  const { stepCount, windowEndsMs, rangeMs, extended } = setup;
  const divisor = mode.perSecond ? durationSeconds(rangeMs) : 1;
  const smoothed = extended === "smoothed";
  return (series, out) => {
    const { starts, ends } = series;
    for (let step = 0; step < stepCount; step++) {
      const [from, last] = [starts[step]!, ends[step]! - 1];
      if (last < from) continue;
      const endMs = windowEndsMs[step]!;
      const window: ExtendedWindow = { from, last, startMs: endMs - rangeMs, endMs };
      const bounds = boundValues(series, window, { smoothed, counter: mode.counter });
      let result = bounds.right - bounds.left;
      if (mode.counter) result += hiddenByResets(series, window, bounds);
      out.values[step] = result / divisor;
      setPresent(out.present, step);
    }
  };
}

/** Samples [from, last] around the window (startMs, endMs]. */
export interface ExtendedWindow {
  readonly from: number;
  readonly last: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Values at the bounds of a window. */
interface Bounds {
  readonly left: number;
  readonly right: number;
}

/** What a series has at both bounds of an extended window. */
export function boundValues(
  { timesMs, values }: Pick<WindowedSeries, "timesMs" | "values">,
  { from, last, startMs, endMs }: ExtendedWindow,
  { smoothed, counter }: { readonly smoothed: boolean; readonly counter: boolean },
): Bounds {
  let [left, right] = [values[from]!, values[last]!];
  const between = (i: number, timeMs: number): number => {
    const points = { beforeMs: timesMs[i]!, before: values[i]!, afterMs: timesMs[i + 1]! };
    return interpolate({ ...points, after: values[i + 1]! }, timeMs, counter);
  };
  if (smoothed && timesMs[from]! < startMs) left = between(from, startMs);
  if (smoothed && last > from && timesMs[last]! > endMs) right = between(last - 1, endMs);
  return { left, right };
}

/** Two samples. */
export interface PointPair {
  readonly beforeMs: number;
  readonly before: number;
  readonly afterMs: number;
  readonly after: number;
}

/** The value on the line between two samples; a counter that was reset between them began at 0. */
export function interpolate(pair: PointPair, timeMs: number, counter: boolean): number {
  const { beforeMs, afterMs, after } = pair;
  const before = counter && after < pair.before ? 0 : pair.before;
  return before + ((after - before) * (timeMs - beforeMs)) / (afterMs - beforeMs);
}

/** Sum of the values from which a counter fell, from one bound over the samples to the other. */
function hiddenByResets(
  { timesMs, values }: WindowedSeries,
  { from, last, startMs, endMs }: ExtendedWindow,
  { left, right }: Bounds,
): number {
  const first = timesMs[from]! <= startMs ? from + 1 : from;
  const end = timesMs[last]! >= endMs ? last : last + 1;
  let hidden = 0;
  let before = left;
  for (let i = first; i < end; i++) {
    const value = values[i]!;
    if (value < before) hidden += before;
    before = value;
  }
  return right < before ? hidden + before : hidden;
}
