import type { Expr, ValueType } from "./ast.ts";
import { signatures } from "./signatures.ts";

/** Type of the value that an expression has. */
export function valueType(expr: Expr): ValueType {
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "vector-selector":
    case "aggregate":
      return "vector";
    case "matrix-selector":
    case "subquery":
      return "matrix";
    case "call":
      return signatures.get(expr.func)?.returnType ?? "none";
    case "binary": {
      const scalar = valueType(expr.lhs) === "scalar" && valueType(expr.rhs) === "scalar";
      return scalar ? "scalar" : "vector";
    }
    case "unary":
    case "paren":
    case "step-invariant":
      return valueType(expr.expr);
  }
}

/** The expressions right below, left to right as in the text; the parameter of an aggregation first. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "number":
    case "string":
    case "vector-selector":
      return [];
    case "matrix-selector":
      return [expr.selector];
    case "subquery":
    case "unary":
    case "paren":
    case "step-invariant":
      return [expr.expr];
    case "call":
      return expr.args;
    case "aggregate":
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case "binary":
      return [expr.lhs, expr.rhs];
  }
}

/**
 * Visits an expression and everything below it, parents before children. What is below an
 * expression for which `visit` returns false is left out.
 */
export function walk(expr: Expr, visit: (expr: Expr) => boolean | void): void {
  if (visit(expr) === false) return;
  for (const child of children(expr)) walk(child, visit);
}
