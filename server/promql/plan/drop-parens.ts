import type { Expr } from "../parser/index.ts";
import { mapChildren } from "./rewrite.ts";

/** Takes parentheses away: the tree holds what they said. */
export function dropParens(expr: Expr): Expr {
  return expr.kind === "paren" ? dropParens(expr.expr) : mapChildren(expr, dropParens);
}
