import { describe, expect, test } from "vitest";
import { type Expr, parseExpr } from "../../../../server/promql/index.ts";
import { dropParens } from "../../../../server/promql/plan/drop-parens.ts";
import { durationMs, resolveTimes } from "../../../../server/promql/plan/durations.ts";
import { foldConstants } from "../../../../server/promql/plan/fold-constants.ts";
import { planQuery } from "../../../../server/promql/plan/plan.ts";
import { findSharedParts } from "../../../../server/promql/plan/shared-parts.ts";
import { markStepInvariant } from "../../../../server/promql/plan/step-invariant.ts";

const parse = (text: string): Expr =>
  dropParens(parseExpr(text, { experimentalFunctions: true, durationExpressions: true }));
const times = { startMs: 1000, endMs: 61_000, stepMs: 5000 };

/** The tree as nested kinds: `call(step-invariant(vector-selector))`. */
function shape(expr: Expr): string {
  const inner: readonly Expr[] =
    expr.kind === "call"
      ? expr.args
      : expr.kind === "binary"
        ? [expr.lhs, expr.rhs]
        : "expr" in expr
          ? [expr.expr]
          : [];
  const name = expr.kind === "call" ? expr.func : expr.kind;
  return inner.length === 0 ? name : `${name}(${inner.map(shape).join(", ")})`;
}

describe("constants", () => {
  test.each([
    ["1 + 2 * 3", 7],
    ["-(2 ^ 3)", -8],
    ["5 % 3 > bool 1", 1],
    ["-5 % 3", -2],
    ["(1 + 1) == bool 3", 0],
  ])("%s", (text, value) => {
    expect(foldConstants(parse(text))).toMatchObject({ kind: "number", value });
  });

  test("only what is constant", () => {
    expect(shape(foldConstants(parse("x + (1 + 2)")))).toBe("binary(vector-selector, number)");
  });
});

describe("step invariance", () => {
  test.each([
    ["x", "vector-selector"],
    ["x @ 1", "step-invariant(vector-selector)"],
    ["sum(x @ 1)", "step-invariant(aggregate(vector-selector))"],
    ["x + x @ 1", "binary(vector-selector, step-invariant(vector-selector))"],
    ["x @ 1 + 2", "step-invariant(binary(vector-selector, number))"],
    ["rate(x[1m] @ 1)", "step-invariant(rate(matrix-selector))"],
    ["rate(x[1m])", "rate(matrix-selector)"],
    ["timestamp(x @ 1)", "timestamp(step-invariant(vector-selector))"],
    ["predict_linear(x[1m] @ 1, 5)", "predict_linear(matrix-selector, number)"],
    ["sum_over_time((x @ 1)[5m:])", "sum_over_time(subquery(step-invariant(vector-selector)))"],
    ["vector(1)", "step-invariant(vector(number))"],
    ["vector(time())", "vector(time)"],
  ])("%s", (text, expected) => {
    expect(shape(markStepInvariant(parse(text)))).toBe(expected);
  });
});

describe("times", () => {
  const selector = (text: string): Extract<Expr, { kind: "vector-selector" }> => {
    const expr = resolveTimes(parse(text), times);
    if (expr.kind !== "vector-selector") throw new Error(expr.kind);
    return expr;
  };

  test("start and end are those of the query", () => {
    expect(selector("x @ start()").at).toEqual({ kind: "time", timeMs: 1000 });
    expect(selector("x @ end()").at).toEqual({ kind: "time", timeMs: 61_000 });
  });

  test.each([
    ["x offset (2 * step())", 10_000],
    ["x offset -step()", -5000],
    ["x offset (range() / 4)", 15_000],
    ["x offset max_of(step(), 7s)", 7000],
    ["x offset min_of(step(), 7s)", 5000],
    ["x offset (1m - 30s)", 30_000],
    ["x offset (7s % 4)", 3000],
  ])("%s", (text, ms) => {
    expect(durationMs(selector(text).offset)).toBe(ms);
  });

  test("a range must be above zero", () => {
    expect(() => resolveTimes(parse("rate(x[step() - 5s])"), times)).toThrow(/greater than 0/);
  });
});

describe("shared parts", () => {
  const uses = (text: string): readonly number[] => {
    const { root, shared } = planQuery(parse(text), times);
    const found: number[] = [];
    const visit = (expr: Expr): void => {
      const key = shared.keyOf(expr);
      if (key !== undefined) found.push(shared.uses(key));
      else if (expr.kind === "binary") [expr.lhs, expr.rhs].forEach(visit);
      else if (expr.kind === "call") expr.args.forEach(visit);
      else if ("expr" in expr) visit(expr.expr);
    };
    visit(root);
    return found;
  };

  test.each([
    ["x + y", []],
    ["x + x", [2, 2]],
    ["sum(x) / sum(x)", [2, 2]],
    ["sum(x) / count(x)", [2, 2]],
    ["rate(x[1m]) / rate(x[1m])", [2, 2]],
    ["rate(x[1m]) / rate(x[2m])", []],
    ["x / x offset 1m", []],
    ["sum(x) + sum(x) * sum(x)", [3, 3, 3]],
    ["max_over_time(sum(x)[5m:]) + sum(x)", []],
  ])("%s", (text, expected) => {
    expect(uses(text)).toEqual(expected);
  });

  test("inside a part that is found again nothing is counted twice", () => {
    const root = parse("sum(x) + sum(x)");
    const shared = findSharedParts(root);
    const inner = root.kind === "binary" && root.lhs.kind === "aggregate" ? root.lhs.expr : root;
    expect(shared.keyOf(inner)).toBeUndefined();
  });
});
