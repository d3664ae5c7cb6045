import { scalarOperation } from "../arithmetic.ts";
import type { Expr } from "../parser/index.ts";
import { mapChildren } from "./rewrite.ts";

/** Computes what consists of numbers only. */
export function foldConstants(expr: Expr): Expr {
  const node = mapChildren(expr, foldConstants);
  const value = constantValue(node);
  if (value === undefined || node.kind === "number") return node;
  return { kind: "number", value, duration: false, position: node.position };
}

function constantValue(node: Expr): number | undefined {
  if (node.kind === "number") return node.value;
  if (node.kind === "unary" && node.expr.kind === "number") {
    return node.op === "-" ? -node.expr.value : node.expr.value;
  }
  if (node.kind === "binary" && node.lhs.kind === "number" && node.rhs.kind === "number") {
    return scalarOperation(node.op)(node.lhs.value, node.rhs.value);
  }
  return undefined;
}
