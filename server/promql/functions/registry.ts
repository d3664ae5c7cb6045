import { dateFunctions } from "./date.ts";
import { type NumberFunction, numberFunctions } from "./math.ts";
import type { RangeFunction } from "./range-kernel.ts";
import * as overTime from "./over-time.ts";
import { derivative, doubleExponentialSmoothing, predictLinear } from "./regression.ts";
import { delta, idelta, increase, irate, rate } from "./rate.ts";

/** A function over range vectors. */
export interface RangeEntry {
  readonly kind: "range";
  readonly make: RangeFunction;
  /** Hands samples through, so their name stays. */
  readonly keepsName?: true;
  /** Made for counters: a remark is due when the metric's name does not look like one. */
  readonly forCounters?: true;
}

/** A function of each sample by itself. */
export interface NumberEntry {
  readonly kind: "number";
  readonly compute: NumberFunction;
  /** Without an argument it is about the evaluation time. */
  readonly defaultsToTime: boolean;
}

/** How a function is computed. Functions of other shapes are built by name. */
export type FunctionEntry = RangeEntry | NumberEntry;

const rangeFunctions: Readonly<Record<string, Omit<RangeEntry, "kind">>> = {
  rate: { make: rate, forCounters: true },
  increase: { make: increase, forCounters: true },
  delta: { make: delta },
  irate: { make: irate },
  idelta: { make: idelta },
  deriv: { make: derivative },
  predict_linear: { make: predictLinear },
  double_exponential_smoothing: { make: doubleExponentialSmoothing },
  avg_over_time: { make: overTime.averageOverTime },
  changes: { make: overTime.changes },
  count_over_time: { make: overTime.countOverTime },
  first_over_time: { make: overTime.firstOverTime, keepsName: true },
  last_over_time: { make: overTime.lastOverTime, keepsName: true },
  mad_over_time: { make: overTime.medianDistanceOverTime },
  max_over_time: { make: overTime.maxOverTime },
  min_over_time: { make: overTime.minOverTime },
  present_over_time: { make: overTime.presentOverTime },
  quantile_over_time: { make: overTime.quantileOverTime },
  resets: { make: overTime.resets },
  stddev_over_time: { make: overTime.deviationOverTime },
  stdvar_over_time: { make: overTime.varianceOverTime },
  sum_over_time: { make: overTime.sumOverTime },
  ts_of_first_over_time: { make: overTime.timeOfFirstOverTime },
  ts_of_last_over_time: { make: overTime.timeOfLastOverTime },
  ts_of_max_over_time: { make: overTime.timeOfMaxOverTime },
  ts_of_min_over_time: { make: overTime.timeOfMinOverTime },
};

/** All functions of the two common shapes, by name. */
export const functionEntries: ReadonlyMap<string, FunctionEntry> = new Map<string, FunctionEntry>([
  ...Object.entries(rangeFunctions).map(([name, entry]): [string, FunctionEntry] => [
    name,
    { kind: "range", ...entry },
  ]),
  ...Object.entries(numberFunctions).map(([name, compute]): [string, FunctionEntry] => [
    name,
    { kind: "number", compute, defaultsToTime: false },
  ]),
  ...Object.entries(dateFunctions).map(([name, compute]): [string, FunctionEntry] => [
    name,
    { kind: "number", compute, defaultsToTime: true },
  ]),
]);
