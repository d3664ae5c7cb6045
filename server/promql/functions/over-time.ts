import { type KahanSum, addTo, nextCompensation } from "../kahan.ts";
import { annotateQuantile, quantileOf } from "./quantile.ts";
import { eachWindow, type RangeFunction, type WindowFunction } from "./range-kernel.ts";
import { isStartReset } from "./start-times.ts";

/** A function whose value depends on the window alone. */
function perWindow(compute: WindowFunction): RangeFunction {
  return ({ stepCount }) => eachWindow(stepCount, compute);
}

/** Number of samples. */
export const countOverTime: RangeFunction = perWindow((_series, from, to) => to - from);

/** 1 where there is a sample. */
export const presentOverTime: RangeFunction = perWindow(() => 1);

/** Value of the oldest sample. */
export const firstOverTime: RangeFunction = perWindow(({ values }, from) => values[from]!);

/** Value of the newest sample. */
export const lastOverTime: RangeFunction = perWindow(({ values }, _from, to) => values[to - 1]!);

/** Time of the oldest sample, in seconds. */
export const timeOfFirstOverTime: RangeFunction = perWindow(
  ({ timesMs }, from) => timesMs[from]! / 1000,
);

/** Time of the newest sample, in seconds. */
export const timeOfLastOverTime: RangeFunction = perWindow(
  ({ timesMs }, _from, to) => timesMs[to - 1]! / 1000,
);

/** Compensated sum. */
export const sumOverTime: RangeFunction = perWindow(({ values }, from, to) => {
  let sum = 0;
  let compensation = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    compensation = nextCompensation(sum, value, compensation);
    sum += value;
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + compensation;
});

/** Sum over count; from the sample on that would overflow the sum, a running mean. */
export const averageOverTime: RangeFunction = perWindow(({ values }, from, to) => {
  let sum = values[from]!;
  let compensation = 0;
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!;
    const next = sum + value;
    if (next === Infinity || next === -Infinity) {
      const count = i - from;
      return runningMean({ sum: sum / count, compensation: compensation / count }, values, {
        from: i,
        to,
        count,
      });
    }
    compensation = nextCompensation(sum, value, compensation);
    sum = next;
  }
  return sum / (to - from) + compensation / (to - from);
});

interface Rest {
  readonly from: number;
  readonly to: number;
  /** Samples already in the mean. */
  readonly count: number;
}

function runningMean(mean: KahanSum, values: Float64Array, rest: Rest): number {
  let { count } = rest;
  for (let i = rest.from; i < rest.to; i++) {
    count++;
    const share = (count - 1) / count;
    mean.sum *= share;
    mean.compensation *= share;
    addTo(mean, values[i]! / count);
  }
  return mean.sum + mean.compensation;
}

/** Place of the extreme sample: any number takes the place of a NaN. */
function extremeIndex(
  values: Float64Array,
  window: { readonly from: number; readonly to: number },
  replaces: (value: number, held: number) => boolean,
): number {
  let found = window.from;
  for (let i = window.from; i < window.to; i++) {
    const held = values[found]!;
    if (replaces(values[i]!, held) || held !== held) found = i;
  }
  return found;
}

/** Largest value; NaN only where all are. */
export const maxOverTime: RangeFunction = perWindow(
  ({ values }, from, to) => values[extremeIndex(values, { from, to }, (a, b) => a > b)]!,
);

/** Smallest value; NaN only where all are. */
export const minOverTime: RangeFunction = perWindow(
  ({ values }, from, to) => values[extremeIndex(values, { from, to }, (a, b) => a < b)]!,
);

/** Time of the largest value, in seconds; of equal ones the newest counts. */
export const timeOfMaxOverTime: RangeFunction = perWindow(
  ({ values, timesMs }, from, to) =>
    timesMs[extremeIndex(values, { from, to }, (a, b) => a >= b)]! / 1000,
);

/** Time of the smallest value, in seconds; of equal ones the newest counts. */
export const timeOfMinOverTime: RangeFunction = perWindow(
  ({ values, timesMs }, from, to) =>
    timesMs[extremeIndex(values, { from, to }, (a, b) => a <= b)]! / 1000,
);

/** Welford's variance with compensated mean and squares. */
function variance(values: Float64Array, from: number, to: number): number {
  let mean = 0;
  let meanRest = 0;
  let squares = 0;
  let squaresRest = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    const difference = value - (mean + meanRest);
    const share = difference / (i - from + 1);
    meanRest = nextCompensation(mean, share, meanRest);
    mean += share;
    const square = difference * (value - (mean + meanRest));
    squaresRest = nextCompensation(squares, square, squaresRest);
    squares += square;
  }
  return (squares + squaresRest) / (to - from);
}

/** Population variance. */
export const varianceOverTime: RangeFunction = perWindow(({ values }, from, to) =>
  variance(values, from, to),
);

/** Population standard deviation. */
export const deviationOverTime: RangeFunction = perWindow(({ values }, from, to) =>
  Math.sqrt(variance(values, from, to)),
);

/** Quantile of the values; the parameter may change from step to step. */
export const quantileOverTime: RangeFunction = (setup) => {
  const quantiles = setup.params[0] as Float64Array;
  return eachWindow(setup.stepCount, ({ values }, from, to, step) => {
    const quantile = quantiles[step]!;
    annotateQuantile(quantile, setup);
    return quantileOf(quantile, values.slice(from, to));
  });
};

/** Median of the distances from the median; a NaN makes it NaN. */
export const medianDistanceOverTime: RangeFunction = perWindow(({ values }, from, to) => {
  if (values.subarray(from, to).some((value) => value !== value)) return Number.NaN;
  const median = quantileOf(0.5, values.slice(from, to));
  return quantileOf(
    0.5,
    values.slice(from, to).map((value) => Math.abs(value - median)),
  );
});

/** How often a value is below the one before, or its counter began after the one before. */
export const resets: RangeFunction = perWindow(({ values, timesMs, startTimesMs }, from, to) => {
  let count = 0;
  for (let i = from + 1; i < to; i++) {
    if (values[i]! < values[i - 1]! || isStartReset(startTimesMs, timesMs, i)) count++;
  }
  return count;
});

/** How often a value differs from the one before; NaN equals NaN. */
export const changes: RangeFunction = perWindow(({ values }, from, to) => {
  let count = 0;
  for (let i = from + 1; i < to; i++) {
    const [before, value] = [values[i - 1]!, values[i]!];
    if (value !== before && !(value !== value && before !== before)) count++;
  }
  return count;
});
