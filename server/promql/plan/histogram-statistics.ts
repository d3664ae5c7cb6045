import type { Expr } from "../parser/index.ts";
import { mapChildren } from "./rewrite.ts";

/** Functions that look at nothing but count and sum. */
const statistics: ReadonlySet<string> = new Set([
  "histogram_count",
  "histogram_sum",
  "histogram_avg",
]);

/** Functions that look at buckets. */
const wholeHistograms: ReadonlySet<string> = new Set([
  "histogram_quantile",
  "histogram_quantiles",
  "histogram_fraction",
]);

/**
 * Marks the selectors of which only count and sum of histograms are wanted. As in Prometheus that
 * shows in remarks: resets are then told from the samples read, and bounds do not matter.
 */
export function markStatistics(root: Expr): Expr {
  const visit = (expr: Expr, wanted: boolean | undefined): Expr => {
    if (expr.kind === "vector-selector") {
      return wanted === true && expr.extended === undefined
        ? { ...expr, statisticsOnly: true }
        : expr;
    }
    if (expr.kind === "matrix-selector") {
      const selector = visit(expr.selector, wanted);
      return selector.kind === "vector-selector" ? { ...expr, selector } : expr;
    }
    return mapChildren(expr, (child) => visit(child, wantedIn(expr, wanted)));
  };
  return visit(root, undefined);
}

/** Undefined until a function asks; false once and for all below something that needs buckets. */
function wantedIn(expr: Expr, wanted: boolean | undefined): boolean | undefined {
  if (wanted === false || expr.kind === "subquery") return false;
  if (expr.kind === "binary") return expr.op === "</" || expr.op === ">/" ? false : wanted;
  if (expr.kind !== "call") return wanted;
  if (wholeHistograms.has(expr.func)) return false;
  return statistics.has(expr.func) ? true : wanted;
}
