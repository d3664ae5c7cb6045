import { addTo, emptySum } from "../kahan.ts";
import { executionError } from "../query-error.ts";
import { eachWindow, type RangeFunction, type WindowedSeries } from "./range-kernel.ts";

interface Line {
  readonly slope: number;
  /** Value at the origin. */
  readonly intercept: number;
}

/** The samples of one window, and the time that counts as zero. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly originMs: number;
}

/** Least squares over a window; a constant is seen as such, so that rounding gives no slope. */
function fitLine({ timesMs, values }: WindowedSeries, { from, to, originMs }: Window): Line {
  const [sumX, sumY, sumXY, sumX2] = [emptySum(), emptySum(), emptySum(), emptySum()];
  const first = values[from]!;
  let constant = true;
  for (let i = from; i < to; i++) {
    const y = values[i]!;
    if (i > from && y !== first) constant = false;
    const x = (timesMs[i]! - originMs) / 1e3;
    addTo(sumX, x);
    addTo(sumY, y);
    addTo(sumXY, x * y);
    addTo(sumX2, x * x);
  }
  if (constant) {
    if (first === Infinity || first === -Infinity) {
      return { slope: Number.NaN, intercept: Number.NaN };
    }
    return { slope: 0, intercept: first };
  }
  const count = to - from;
  const x = sumX.sum + sumX.compensation;
  const y = sumY.sum + sumY.compensation;
  const covariance = sumXY.sum + sumXY.compensation - (x * y) / count;
  const variance = sumX2.sum + sumX2.compensation - (x * x) / count;
  const slope = covariance / variance;
  return { slope, intercept: y / count - (slope * x) / count };
}

/** Slope per second of the line through the window. */
export const derivative: RangeFunction = ({ stepCount }) =>
  eachWindow(
    stepCount,
    (series, from, to) => fitLine(series, { from, to, originMs: series.timesMs[from]! }).slope,
    2,
  );

/** Value of the line some seconds after the evaluation time. */
export const predictLinear: RangeFunction = ({ stepCount, stepTimesMs, params }) => {
  const seconds = params[0] as Float64Array;
  return eachWindow(
    stepCount,
    (series, from, to, step) => {
      const line = fitLine(series, { from, to, originMs: stepTimesMs[step]! });
      return line.slope * seconds[step]! + line.intercept;
    },
    2,
  );
};

/** Holt's smoothing with trend over the window's samples, whatever their distance. */
export const doubleExponentialSmoothing: RangeFunction = ({ stepCount, params }) => {
  const [smoothings, trends] = params as [Float64Array, Float64Array];
  return (series, out) => {
    const smooth = eachWindow(
      stepCount,
      ({ values }, from, to, step) =>
        smoothWindow(values.subarray(from, to), {
          smoothing: factor(smoothings[step]!, "smoothing"),
          trend: factor(trends[step]!, "trend"),
        }),
      2,
    );
    smooth(series, out);
  };
};

function factor(value: number, name: string): number {
  if (value > 0 && value < 1) return value;
  const letters = name === "smoothing" ? "sf" : "tf";
  throw executionError(
    `invalid ${name} factor. Expected: 0 < ${letters} < 1, got: ${value.toFixed(6)}`,
  );
}

function smoothWindow(
  values: Float64Array,
  factors: { readonly smoothing: number; readonly trend: number },
): number {
  let before = 0;
  let smoothed = values[0]!;
  let slope = values[1]! - values[0]!;
  for (let i = 1; i < values.length; i++) {
    const scaled = factors.smoothing * values[i]!;
    if (i > 1) slope = factors.trend * (smoothed - before) + (1 - factors.trend) * slope;
    const carried = (1 - factors.smoothing) * (smoothed + slope);
    before = smoothed;
    smoothed = scaled + carried;
  }
  return smoothed;
}
