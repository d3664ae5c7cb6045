import { type Expr, valueType } from "../parser/index.ts";
import { mapChildren } from "./rewrite.ts";

/**
 * Takes parentheses away: the tree holds what they said. What stood in them takes their place in
 * the text, for remarks on arguments point at the parentheses; only between two operands, of
 * which one is a vector, they stay, for such an operation has remarks of its own place.
 */
export function dropParens(expr: Expr): Expr {
  if (expr.kind === "paren") {
    const inner = dropParens(expr.expr);
    if (inner.kind === "binary" && valueType(inner) === "vector") return { ...expr, expr: inner };
    return { ...inner, position: expr.position };
  }
  const bare = mapChildren(expr, dropParens);
  // The parameter of an aggregation is looked at without its parentheses.
  if (bare.kind !== "aggregate" || expr.kind !== "aggregate" || bare.param === undefined) {
    return bare;
  }
  return { ...bare, param: { ...bare.param, position: innermost(expr.param ?? bare.param) } };
}

function innermost(expr: Expr): Expr["position"] {
  return expr.kind === "paren" ? innermost(expr.expr) : expr.position;
}
