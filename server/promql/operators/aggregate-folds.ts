import { nextCompensation } from "../kahan.ts";
import type { AggregateOp } from "../parser/index.ts";
import { emptyPresence, isPresent, type Presence, unite } from "./presence.ts";
import type { StepColumn, StepSeries } from "./stream.ts";

/** Aggregates the series of one group, step by step, as they come. */
export interface GroupFold {
  add(series: StepSeries): void;
  /** Writes the results of all steps that had a value. Called once. */
  finish(out: StepColumn): void;
}

/** Makes the fold of a new group on a grid of `stepCount` steps. */
export type FoldMaker = (stepCount: number) => GroupFold;

/** Samples a group holds per step, for the budget: its widest state. */
export const foldSamplesPerStep = 2;

/** Aggregations that fold into a fixed number of columns per group. */
export const folds: Partial<Record<AggregateOp, FoldMaker>> = {
  sum: sumFold,
  avg: averageFold,
  min: (stepCount) => extremeFold(stepCount, (held, value) => held > value),
  max: (stepCount) => extremeFold(stepCount, (held, value) => held < value),
  count: countFold,
  group: groupFold,
  stddev: (stepCount) => varianceFold(stepCount, Math.sqrt),
  stdvar: (stepCount) => varianceFold(stepCount, (variance) => variance),
};

function writeColumn(out: StepColumn, present: Presence, values: Float64Array): void {
  out.present.set(present);
  out.values.set(values);
}

function sumFold(stepCount: number): GroupFold {
  const sums = new Float64Array(stepCount);
  const compensations = new Float64Array(stepCount);
  const present = emptyPresence(stepCount);
  return {
    add(series) {
      const { values } = series;
      unite(present, series.present);
      for (let step = 0; step < stepCount; step++) {
        if (!isPresent(series.present, step)) continue;
        const value = values[step]!;
        const sum = sums[step]!;
        compensations[step] = nextCompensation(sum, value, compensations[step]!);
        sums[step] = sum + value;
      }
    },
    finish(out) {
      for (let step = 0; step < stepCount; step++) sums[step]! += compensations[step]!;
      writeColumn(out, present, sums);
    },
  };
}

/**
 * The mean as compensated sum over count, as long as the sum is finite. Where it would overflow
 * the column goes on as a running mean; its count is kept negative from there.
 */
function averageFold(stepCount: number): GroupFold {
  const totals = new Float64Array(stepCount);
  const compensations = new Float64Array(stepCount);
  const counts = new Float64Array(stepCount);
  const present = emptyPresence(stepCount);
  const addRunning = (step: number, value: number, count: number): void => {
    const share = (count - 1) / count;
    const mean = share * totals[step]!;
    const addend = value / count;
    compensations[step] = nextCompensation(mean, addend, share * compensations[step]!);
    totals[step] = mean + addend;
    counts[step] = -count;
  };
  return {
    add(series) {
      unite(present, series.present);
      for (let step = 0; step < stepCount; step++) {
        if (!isPresent(series.present, step)) continue;
        const value = series.values[step]!;
        const before = counts[step]!;
        const count = Math.abs(before) + 1;
        const sum = totals[step]! + value;
        if (before < 0) {
          addRunning(step, value, count);
        } else if (count > 1 && (sum === Infinity || sum === -Infinity)) {
          totals[step]! /= count - 1;
          compensations[step]! /= count - 1;
          addRunning(step, value, count);
        } else {
          if (count > 1) {
            compensations[step] = nextCompensation(totals[step]!, value, compensations[step]!);
          }
          totals[step] = count > 1 ? sum : value;
          counts[step] = count;
        }
      }
    },
    finish(out) {
      for (let step = 0; step < stepCount; step++) {
        const count = counts[step]!;
        if (count < 0) totals[step]! += compensations[step]!;
        else totals[step] = totals[step]! / count + compensations[step]! / count;
      }
      writeColumn(out, present, totals);
    },
  };
}

/** Keeps the value for which nothing `yieldsTo` holds; any number replaces a NaN. */
function extremeFold(
  stepCount: number,
  yieldsTo: (held: number, value: number) => boolean,
): GroupFold {
  const extremes = new Float64Array(stepCount).fill(Number.NaN);
  const present = emptyPresence(stepCount);
  return {
    add(series) {
      unite(present, series.present);
      for (let step = 0; step < stepCount; step++) {
        if (!isPresent(series.present, step)) continue;
        const held = extremes[step]!;
        const value = series.values[step]!;
        if (held !== held || yieldsTo(held, value)) extremes[step] = value;
      }
    },
    finish: (out) => writeColumn(out, present, extremes),
  };
}

function countFold(stepCount: number): GroupFold {
  const counts = new Float64Array(stepCount);
  const present = emptyPresence(stepCount);
  return {
    add(series) {
      unite(present, series.present);
      for (let step = 0; step < stepCount; step++) {
        if (isPresent(series.present, step)) counts[step]!++;
      }
    },
    finish: (out) => writeColumn(out, present, counts),
  };
}

function groupFold(stepCount: number): GroupFold {
  const present = emptyPresence(stepCount);
  return {
    add: (series) => unite(present, series.present),
    finish(out) {
      out.present.set(present);
      out.values.fill(1);
    },
  };
}

/** Welford's running variance; a first value that is no finite number makes the whole NaN. */
function varianceFold(stepCount: number, result: (variance: number) => number): GroupFold {
  const counts = new Float64Array(stepCount);
  const means = new Float64Array(stepCount);
  const squares = new Float64Array(stepCount);
  const present = emptyPresence(stepCount);
  return {
    add(series) {
      unite(present, series.present);
      for (let step = 0; step < stepCount; step++) {
        if (!isPresent(series.present, step)) continue;
        const value = series.values[step]!;
        const count = ++counts[step]!;
        if (count === 1) {
          means[step] = value;
          squares[step] = Number.isFinite(value) ? 0 : Number.NaN;
          continue;
        }
        const difference = value - means[step]!;
        means[step]! += difference / count;
        squares[step]! += difference * (value - means[step]!);
      }
    },
    finish(out) {
      for (let step = 0; step < stepCount; step++) {
        squares[step] = result(squares[step]! / counts[step]!);
      }
      writeColumn(out, present, squares);
    },
  };
}
