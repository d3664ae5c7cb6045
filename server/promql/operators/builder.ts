import type { Expr } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import type { RangeSource } from "./range-source.ts";
import type { EvalContext, ScalarColumn, StepStream } from "./stream.ts";

/** Turns expressions into operators on a grid. Nothing is read before a stream is. */
export interface Builder {
  readonly ctx: EvalContext;
  vector(expr: Expr, grid: StepGrid): StepStream;
  scalar(expr: Expr, grid: StepGrid): ScalarColumn;
  range(expr: Expr, grid: StepGrid): RangeSource;
  /** The same with another context. */
  within(ctx: EvalContext): Builder;
}
