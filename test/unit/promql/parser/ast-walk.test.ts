import { expect, test } from "vitest";
import { children, valueType, walk } from "../../../../server/promql/parser/ast-walk.ts";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";

test.each([
  ["1", "scalar"],
  ['"a"', "string"],
  ["a", "vector"],
  ["a[5m]", "matrix"],
  ["a[5m:]", "matrix"],
  ["sum(a)", "vector"],
  ["time()", "scalar"],
  ["rate(a[5m])", "vector"],
  ["1 + (2)", "scalar"],
  ["1 + a", "vector"],
  ["-time()", "scalar"],
])("%s is a %s", (text, type) => {
  expect(valueType(parseExpr(text))).toBe(type);
});

test("children stand in the order of the text", () => {
  const kinds = children(parseExpr("topk(3, a)")).map((child) => child.kind);
  expect(kinds).toEqual(["number", "vector-selector"]);
  expect(children(parseExpr("1"))).toEqual([]);
  expect(children(parseExpr("a[5m]")).map((child) => child.kind)).toEqual(["vector-selector"]);
});

test("a walk visits parents first and leaves out what it is told to", () => {
  const seen: string[] = [];
  walk(parseExpr("sum(rate(a[5m])) + b"), (expr) => {
    seen.push(expr.kind);
    return expr.kind !== "call";
  });
  expect(seen).toEqual(["binary", "aggregate", "call", "vector-selector"]);
});
