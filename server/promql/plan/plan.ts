import type { Expr } from "../parser/index.ts";
import { dropParens } from "./drop-parens.ts";
import { type QueryTimes, resolveTimes } from "./durations.ts";
import { foldConstants } from "./fold-constants.ts";
import { markStatistics } from "./histogram-statistics.ts";
import { findSharedParts, type SharedParts } from "./shared-parts.ts";
import { markStepInvariant } from "./step-invariant.ts";

/** An expression ready to be built into operators. */
export interface Plan {
  readonly root: Expr;
  readonly shared: SharedParts;
}

/** Runs all passes, in the order in which they rely on one another. */
export function planQuery(expr: Expr, times: QueryTimes): Plan {
  const resolved = resolveTimes(dropParens(expr), times);
  const root = markStepInvariant(markStatistics(foldConstants(resolved)));
  return { root, shared: findSharedParts(root) };
}
