import { setPresent } from "../operators/presence.ts";
import { extendedDifference } from "./extended-rate.ts";
import {
  eachWindow,
  type KernelSetup,
  type RangeFunction,
  type WindowFunction,
} from "./range-kernel.ts";
import { durationSeconds, type RateMode } from "./rate-mode.ts";
import { extrapolatedFromStarts, isStartReset } from "./start-times.ts";

const rangeFunctionOf =
  (mode: RateMode): RangeFunction =>
  (setup) =>
    setup.extended === undefined ? extrapolated(setup, mode) : extendedDifference(setup, mode);

/** Per-second increase of a counter over the window. */
export const rate: RangeFunction = rangeFunctionOf({ counter: true, perSecond: true });

/** Increase of a counter over the window. */
export const increase: RangeFunction = rangeFunctionOf({ counter: true, perSecond: false });

/** Difference of a gauge over the window. */
export const delta: RangeFunction = rangeFunctionOf({ counter: false, perSecond: false });

/** Per-second increase between the last two samples of a counter. */
export const irate: RangeFunction = ({ stepCount }) => eachWindow2(stepCount, lastIncrease);

/** Difference between the last two samples of a gauge. */
export const idelta: RangeFunction = ({ stepCount }) => eachWindow2(stepCount, lastDifference);

function eachWindow2(stepCount: number, compute: WindowFunction): ReturnType<RangeFunction> {
  return eachWindow(stepCount, compute, 2);
}

const lastDifference: WindowFunction = ({ values }, _from, to) => values[to - 1]! - values[to - 2]!;

const lastIncrease: WindowFunction = ({ values, timesMs, startTimesMs }, _from, to) => {
  const [before, last] = [values[to - 2]!, values[to - 1]!];
  const isReset = last < before || isStartReset(startTimesMs, timesMs, to - 1);
  const increased = isReset ? last : last - before;
  return increased / ((timesMs[to - 1]! - timesMs[to - 2]!) / 1000);
};

/**
 * Rate, increase and delta: the difference between the last and the first sample, plus what
 * counter resets hid, stretched from the time between these samples to the window, but only as
 * far as the series seems to reach. The order of float operations is Prometheus's.
 */
function extrapolated(setup: KernelSetup, mode: RateMode): ReturnType<RangeFunction> {
  const { stepCount, windowEndsMs, rangeMs } = setup;
  const { counter, perSecond } = mode;
  const rangeSeconds = durationSeconds(rangeMs);
  let lastResets = new Int32Array(0);
  const withStartTimes = counter ? extrapolatedFromStarts(setup, mode) : undefined;
  return (series, out) => {
    if (series.startTimesMs !== undefined && withStartTimes !== undefined) {
      withStartTimes(series, out);
      return;
    }
    const { starts, ends, values, timesMs } = series;
    if (counter) {
      if (lastResets.length < series.to) lastResets = new Int32Array(series.to * 2);
      findResets(series.values, series, lastResets);
    }
    for (let step = 0; step < stepCount; step++) {
      const from = starts[step]!;
      const last = ends[step]! - 1;
      if (last <= from) continue;
      const firstValue = values[from]!;
      let result = values[last]! - firstValue;
      if (counter && lastResets[last]! > from) result = withResets(values, from, last);
      const interval = (timesMs[last]! - timesMs[from]!) / 1000;
      const average = interval / (last - from);
      const threshold = average * 1.1;
      const endMs = windowEndsMs[step]!;
      let toStart = (timesMs[from]! - (endMs - rangeMs)) / 1000;
      let toEnd = (endMs - timesMs[last]!) / 1000;
      if (toStart >= threshold) toStart = average / 2;
      if (counter && result > 0 && firstValue >= 0) {
        const toZero = interval * (firstValue / result);
        if (toZero < toStart) toStart = toZero;
      }
      if (toEnd >= threshold) toEnd = average / 2;
      let factor = (interval + toStart + toEnd) / interval;
      if (perSecond) factor /= rangeSeconds;
      out.values[step] = result * factor;
      setPresent(out.present, step);
    }
  };
}

/** For each sample the place of the newest reset up to it: most windows then need no loop. */
function findResets(
  values: Float64Array,
  { from, to }: { from: number; to: number },
  lastResets: Int32Array,
): void {
  let last = -1;
  let before = values[from]!;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (value < before) last = i;
    lastResets[i] = last;
    before = value;
  }
}

function withResets(values: Float64Array, from: number, last: number): number {
  let result = values[last]! - values[from]!;
  let before = values[from]!;
  for (let i = from + 1; i <= last; i++) {
    const value = values[i]!;
    if (value < before) result += before;
    before = value;
  }
  return result;
}
