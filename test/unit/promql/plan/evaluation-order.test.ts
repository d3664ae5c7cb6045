import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/index.ts";
import { dropParens } from "../../../../server/promql/plan/drop-parens.ts";
import { evaluationOrder } from "../../../../server/promql/plan/evaluation-order.ts";

/** Parts of a query from the first to the last that is evaluated, by where they stand in it. */
function inOrder(query: string, parts: readonly string[]): readonly string[] {
  const order = evaluationOrder(dropParens(parseExpr(query)));
  const placeOf = (part: string) => {
    const start = query.indexOf(part);
    return { start, end: start + part.length };
  };
  return [...parts].sort((a, b) => order(placeOf(a)) - order(placeOf(b)));
}

test("the right side of an operation comes after the left one", () => {
  expect(inOrder("sum(a) + sum(b)", ["sum(b)", "sum(a)"])).toEqual(["sum(a)", "sum(b)"]);
});

test("what a function says about its arguments comes after all that is below it", () => {
  const query = "quantile_over_time(2, (quantile(3, a) + b)[2m:])";
  expect(inOrder(query, ["2", "3", "a) + b"])).toEqual(["a) + b", "3", "2"]);
  expect(inOrder("quantile(2, quantile(3, a))", ["2", "3"])).toEqual(["3", "2"]);
});

test("a subquery comes before a function's other arguments", () => {
  const query = "quantile_over_time(scalar(quantile(2, a)), quantile(3, b)[2m:])";
  expect(inOrder(query, ["2", "3"])).toEqual(["3", "2"]);
});

test("a remark about a subquery, which has no place, is that of the function above it", () => {
  const query = "rate(increase(odd[7m])[2m:]) + rate(x[1m])";
  const order = evaluationOrder(dropParens(parseExpr(query)));
  const at = (start: number, end: number): number => order({ start, end });
  expect(at(0, 0)).toBeGreaterThan(at(14, 21));
  expect(at(0, 0)).toBeLessThan(at(36, 41));
});
