import type { Expr } from "../parser/index.ts";

/**
 * A copy of `expr` whose children are what `change` makes of them. Nodes whose children stay
 * the same are returned as they are, so untouched parts keep their identity.
 */
export function mapChildren(expr: Expr, change: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "number":
    case "string":
    case "vector-selector":
    case "matrix-selector":
      return expr;
    case "call":
      return { ...expr, args: expr.args.map(change) };
    case "aggregate":
      return {
        ...expr,
        expr: change(expr.expr),
        param: expr.param === undefined ? undefined : change(expr.param),
      };
    case "binary":
      return { ...expr, lhs: change(expr.lhs), rhs: change(expr.rhs) };
    case "subquery":
    case "unary":
    case "paren":
    case "step-invariant":
      return { ...expr, expr: change(expr.expr) };
  }
}
