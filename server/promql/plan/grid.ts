/** The times at which an expression is evaluated: startMs, startMs + stepMs, … */
export interface StepGrid {
  readonly startMs: number;
  /** Above zero, also when there is one step only. */
  readonly stepMs: number;
  /** Number of steps; zero only for a subquery whose range holds no aligned time. */
  readonly count: number;
}

/** The grid of a range query: both ends count. */
export function rangeGrid(range: { startMs: number; endMs: number; stepMs: number }): StepGrid {
  const count = Math.floor((range.endMs - range.startMs) / range.stepMs) + 1;
  return { startMs: range.startMs, stepMs: range.stepMs, count: Math.max(0, count) };
}

/** The grid of one evaluation. */
export function instantGrid(timeMs: number): StepGrid {
  return { startMs: timeMs, stepMs: 1, count: 1 };
}

/** Time of step `step`. */
export function stepTimeMs(grid: StepGrid, step: number): number {
  return grid.startMs + step * grid.stepMs;
}

/** Time of the last step. */
export function endTimeMs(grid: StepGrid): number {
  return stepTimeMs(grid, grid.count - 1);
}

/** The grid that evaluates what does not depend on the step: the first step alone. */
export function firstStepGrid(grid: StepGrid): StepGrid {
  return { startMs: grid.startMs, stepMs: grid.stepMs, count: Math.min(1, grid.count) };
}
