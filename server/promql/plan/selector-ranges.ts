import type { MatrixSelector, Subquery, VectorSelector } from "../parser/index.ts";
import type { Selection } from "../../storage/index.ts";
import { durationMs } from "./durations.ts";
import { endTimeMs, type StepGrid } from "./grid.ts";

/** Which stretch of time a step looks at: its own, moved by `offsetMs`, or a fixed one. */
export interface TimeShift {
  readonly offsetMs: number;
  /** The same for all steps when set; the offset applies to it too. */
  readonly atMs: number | undefined;
}

/** The shift that offset and @ of a selector or a subquery say. */
export function shiftOf(node: Pick<VectorSelector, "offset" | "at">): TimeShift {
  return {
    offsetMs: durationMs(node.offset),
    atMs: node.at?.kind === "time" ? node.at.timeMs : undefined,
  };
}

/** Last time that step `step` may see. */
export function shiftedMs(shift: TimeShift, timeMs: number): number {
  return (shift.atMs ?? timeMs) - shift.offsetMs;
}

/**
 * Exactly the samples that a vector selector can see on `grid`: the look-back is left-open, a
 * sample as old as `lookbackDeltaMs` does not count. A smoothed one looks ahead as far.
 */
export function instantSelection(
  node: VectorSelector,
  grid: StepGrid,
  lookbackDeltaMs: number,
): Selection {
  const shift = shiftOf(node);
  return {
    matchers: node.matchers,
    startMs: shiftedMs(shift, grid.startMs) - lookbackDeltaMs + 1,
    endMs: shiftedMs(shift, endTimeMs(grid)) + aheadMs(node, lookbackDeltaMs),
  };
}

/** Exactly the samples that a range selector can see on `grid`: windows are left-open. */
export function rangeSelection(
  node: MatrixSelector,
  grid: StepGrid,
  lookbackDeltaMs: number,
): Selection {
  const { selector, range } = node;
  const shift = shiftOf(selector);
  const backMs = durationMs(range) + (selector.extended === undefined ? 0 : lookbackDeltaMs);
  return {
    matchers: selector.matchers,
    startMs: shiftedMs(shift, grid.startMs) - backMs + 1,
    endMs: shiftedMs(shift, endTimeMs(grid)) + aheadMs(selector, lookbackDeltaMs),
  };
}

function aheadMs({ extended }: VectorSelector, lookbackDeltaMs: number): number {
  return extended === "smoothed" ? lookbackDeltaMs : 0;
}

/**
 * The grid on which the inner expression of a subquery is evaluated: multiples of the step
 * after the first window's open start, up to the last window's end.
 */
export function subqueryGrid(node: Subquery, grid: StepGrid, defaultStepMs: number): StepGrid {
  const shift = shiftOf(node);
  const stepMs = node.step === undefined ? defaultStepMs : durationMs(node.step);
  const openStartMs = shiftedMs(shift, grid.startMs) - durationMs(node.range);
  const startMs = (Math.floor(openStartMs / stepMs) + 1) * stepMs;
  const endMs = shiftedMs(shift, endTimeMs(grid));
  return { startMs, stepMs, count: Math.max(0, Math.floor((endMs - startMs) / stepMs) + 1) };
}
