import type { Binary, Expr } from "./ast.ts";
import { printAggregateHead, printExpr, printOperator, printSubquerySuffix } from "./print.ts";

/** Longest text in bytes that stays on one line. */
const lineBytesMax = 100;

/**
 * Writes an expression over several indented lines, as Prometheus's format_query: what fits
 * 100 bytes stays on one line, everything else is split at its parentheses or operator.
 */
export function prettyExpr(expr: Expr): string {
  return pretty(expr, 0);
}

function pretty(expr: Expr, level: number): string {
  const line = printExpr(expr);
  const indent = "  ".repeat(level);
  const fits = Buffer.byteLength(line) <= lineBytesMax;
  switch (expr.kind) {
    case "unary":
      return `${indent}${expr.op}${pretty(expr.expr, level).trim()}`;
    case "subquery":
      // Without an indent when it fits: so does Prometheus.
      return fits ? line : pretty(expr.expr, level) + printSubquerySuffix(expr);
    case "step-invariant":
      return pretty(expr.expr, level);
    case "aggregate":
    case "call":
    case "paren":
    case "binary":
      if (!fits) break;
      return indent + line;
    default:
      return indent + line;
  }
  return expr.kind === "binary" ? prettyBinary(expr, level) : prettyBrackets(expr, level);
}

function prettyBinary(expr: Binary, level: number): string {
  const lhs = pretty(expr.lhs, level + 1);
  const rhs = pretty(expr.rhs, level + 1);
  return `${lhs}\n${"  ".repeat(level)}${printOperator(expr)}\n${rhs}`;
}

function prettyBrackets(
  expr: Expr & { kind: "aggregate" | "call" | "paren" },
  level: number,
): string {
  const indent = "  ".repeat(level);
  const inner = partsOf(expr).map((part) => pretty(part, level + 1));
  return `${indent}${headOf(expr)}(\n${inner.join(",\n")}\n${indent})`;
}

function headOf(expr: Expr & { kind: "aggregate" | "call" | "paren" }): string {
  if (expr.kind === "paren") return "";
  return expr.kind === "call" ? expr.func : printAggregateHead(expr);
}

function partsOf(expr: Expr & { kind: "aggregate" | "call" | "paren" }): readonly Expr[] {
  if (expr.kind === "paren") return [expr.expr];
  if (expr.kind === "call") return expr.args;
  return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
}
