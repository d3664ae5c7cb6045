import { compareLabels, labelValue } from "../../model/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { holdAll, releaseAll } from "./held-series.ts";
import { floatsOf } from "./native-histograms.ts";
import { isEmpty } from "./presence.ts";
import { type EvalContext, inBatches, type StepSeries, type StepStream } from "./stream.ts";

/** Negative when `a` comes before `b`. */
export type SeriesOrder = (a: StepSeries, b: StepSeries) => number;

/** By value, smallest first; NaN comes last in both directions. */
export function byValue(direction: 1 | -1): SeriesOrder {
  return (a, b) => {
    const [left, right] = [a.values[0]!, b.values[0]!];
    if (left !== left || right !== right) return Number(left !== left) - Number(right !== right);
    return left === right ? 0 : direction * (left < right ? -1 : 1);
  };
}

/** By the values of some labels in natural order, then by all labels. */
export function byLabels(names: readonly string[], direction: 1 | -1): SeriesOrder {
  return (a, b) => {
    for (const name of names) {
      const [left, right] = [labelValue(a.labels, name), labelValue(b.labels, name)];
      if (left !== right) return direction * (isNaturallyBefore(left, right) ? -1 : 1);
    }
    return direction * compareLabels(a.labels, b.labels);
  };
}

/** How series are sorted; histograms have no place in an order of floats. */
export interface SortMode {
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
  readonly floatsOnly: boolean;
}

/** Sorts the result of an instant query. With more steps there is no one order: left as it is. */
export function sortSeries(
  input: StepStream,
  order: SeriesOrder,
  { grid, ctx, floatsOnly }: SortMode,
): StepStream {
  if (grid.count !== 1) return input;
  return {
    metricName: input.metricName,
    async *batches() {
      const held = await holdAll(input, 1, ctx);
      const kept = floatsOnly ? held.map(floatsOf).filter((one) => !isEmpty(one.present)) : held;
      yield* inBatches([...kept].sort(order), 1);
      releaseAll(held, 1, ctx);
    },
  };
}

/** Natural order: runs of digits compare as numbers, all else as text. */
function isNaturallyBefore(a: string, b: string): boolean {
  const [left, right] = [chunks(a), chunks(b)];
  for (const [i, chunk] of left.entries()) {
    const other = right[i];
    if (other === undefined) return false;
    const [number, otherNumber] = [wholeNumber(chunk), wholeNumber(other)];
    const numeric = number !== undefined && otherNumber !== undefined;
    if (numeric ? number === otherNumber : chunk === other) {
      if (i === left.length - 1) return true;
      if (i === right.length - 1) return false;
      continue;
    }
    return numeric ? number < otherNumber : chunk < other;
  }
  return false;
}

function chunks(text: string): readonly string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

/** Runs of digits that fit 63 bits, as Go's Atoi takes them. */
function wholeNumber(text: string): bigint | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 1n << 63n ? value : undefined;
}
