import type { AtModifier, Duration, DurationExpr, Expr, VectorSelector } from "./ast.ts";
import { formatFloat } from "./go-text.ts";
import { signatures } from "./signatures.ts";

/** A JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The syntax tree as the answer of Prometheus's parse_query: node for node its names and fields. */
export function prometheusJson(expr: Expr): Json {
  switch (expr.kind) {
    case "number":
      return { type: "numberLiteral", val: formatFloat(expr.value) };
    case "string":
      return { type: "stringLiteral", val: expr.value.toWellFormed() };
    case "vector-selector":
      return { type: "vectorSelector", ...selectorFields(expr) };
    case "matrix-selector":
      return {
        type: "matrixSelector",
        ...selectorFields(expr.selector),
        ...durationFields("range", expr.range),
      };
    case "subquery":
      return {
        type: "subquery",
        expr: prometheusJson(expr.expr),
        ...durationFields("range", expr.range),
        ...durationFields("step", expr.step),
        ...durationFields("offset", expr.offset),
        ...atFields(expr.at),
      };
    case "unary":
      return { type: "unaryExpr", op: expr.op, expr: prometheusJson(expr.expr) };
    case "paren":
      return { type: "parenExpr", expr: prometheusJson(expr.expr) };
    case "step-invariant":
      return prometheusJson(expr.expr);
    case "call":
    case "aggregate":
    case "binary":
      return operationJson(expr);
  }
}

function operationJson(expr: Expr & { kind: "call" | "aggregate" | "binary" }): Json {
  switch (expr.kind) {
    case "call":
      return {
        type: "call",
        func: functionJson(expr.func),
        args: expr.args.map(prometheusJson),
      };
    case "aggregate":
      return {
        type: "aggregation",
        op: expr.op,
        expr: prometheusJson(expr.expr),
        param: expr.param === undefined ? null : prometheusJson(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      };
    case "binary":
      return {
        type: "binaryExpr",
        op: expr.op,
        lhs: prometheusJson(expr.lhs),
        rhs: prometheusJson(expr.rhs),
        matching: matchingJson(expr),
        bool: expr.returnBool,
      };
  }
}

function matchingJson({ matching }: Expr & { kind: "binary" }): Json {
  if (matching === undefined) return null;
  return {
    card: matching.card,
    labels: matching.labels,
    on: matching.on,
    include: matching.include,
    fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
  };
}

function functionJson(name: string): Json {
  const signature = signatures.get(name);
  if (signature === undefined) return null;
  const { argTypes, variadic, returnType } = signature;
  return { name, argTypes, variadic, returnType };
}

function selectorFields(selector: VectorSelector): { readonly [key: string]: Json } {
  return {
    name: selector.name,
    ...durationFields("offset", selector.offset),
    matchers: selector.matchers.map(({ name, value, type }) => ({
      name: name.toWellFormed(),
      value: value.toWellFormed(),
      type,
    })),
    ...atFields(selector.at),
    anchored: selector.extended === "anchored",
    smoothed: selector.extended === "smoothed",
  };
}

function atFields(at: AtModifier | undefined): { readonly [key: string]: Json } {
  return {
    timestamp: at?.kind === "time" ? at.timeMs : null,
    startOrEnd: at === undefined || at.kind === "time" ? null : at.kind,
  };
}

function durationFields(
  name: string,
  duration: Duration | undefined,
): { readonly [key: string]: Json } {
  return {
    [name]: duration?.kind === "ms" ? duration.ms : 0,
    [`${name}Expr`]: duration?.kind === "duration-expr" ? durationJson(duration) : null,
  };
}

function durationJson(expr: DurationExpr): Json {
  if (expr.op === "number") {
    const val = formatFloat(expr.value ?? 0);
    return { type: "numberLiteral", val, duration: expr.duration ?? false };
  }
  if (expr.plus) return signedJson("+", { ...expr, plus: false });
  if (expr.op === "neg" && expr.rhs !== undefined) return signedJson("-", expr.rhs, expr.wrapped);
  return {
    type: "durationExpr",
    op: expr.op,
    lhs: expr.lhs === undefined ? null : durationJson(expr.lhs),
    rhs: expr.rhs === undefined ? null : durationJson(expr.rhs),
    wrapped: expr.wrapped ?? false,
  };
}

function signedJson(op: string, operand: DurationExpr, wrapped = false): Json {
  return { type: "durationExpr", op, lhs: null, rhs: durationJson(operand), wrapped };
}
