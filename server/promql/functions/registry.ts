import { dateFunctions } from "./date.ts";
import { type NumberFunction, numberFunctions } from "./math.ts";
import type { RangeFunction } from "./range-kernel.ts";
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
