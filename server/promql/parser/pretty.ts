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

/** An expression with parts between parentheses. */
type Bracketed = Expr & { kind: "aggregate" | "call" | "paren" };

function pretty(expr: Expr, level: number): string {
  const indent = "  ".repeat(level);
  if (expr.kind === "step-invariant") return pretty(expr.expr, level);
  if (expr.kind === "unary") return `${indent}${expr.op}${pretty(expr.expr, level).trim()}`;
  const line = printExpr(expr);
  const fits = Buffer.byteLength(line) <= lineBytesMax;
  // A subquery that fits gets no indent: so does Prometheus.
  if (expr.kind === "subquery") {
    return fits ? line : pretty(expr.expr, level) + printSubquerySuffix(expr);
  }
  if (!fits && expr.kind === "binary") return prettyBinary(expr, level);
  const bracketed = expr.kind === "aggregate" || expr.kind === "call" || expr.kind === "paren";
  return !fits && bracketed ? prettyBrackets(expr, level) : indent + line;
}

function prettyBinary(expr: Binary, level: number): string {
  const lhs = pretty(expr.lhs, level + 1);
  const rhs = pretty(expr.rhs, level + 1);
  return `${lhs}\n${"  ".repeat(level)}${printOperator(expr)}\n${rhs}`;
}

function prettyBrackets(expr: Bracketed, level: number): string {
  const indent = "  ".repeat(level);
  const inner = partsOf(expr).map((part) => pretty(part, level + 1));
  return `${indent}${headOf(expr)}(\n${inner.join(",\n")}\n${indent})`;
}

function headOf(expr: Bracketed): string {
  if (expr.kind === "paren") return "";
  return expr.kind === "call" ? expr.func : printAggregateHead(expr);
}

function partsOf(expr: Bracketed): readonly Expr[] {
  if (expr.kind === "paren") return [expr.expr];
  if (expr.kind === "call") return expr.args;
  return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
}
