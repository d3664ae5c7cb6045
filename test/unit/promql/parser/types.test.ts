import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";

const all = { experimentalFunctions: true, fillModifiers: true };

test.each([
  ["rate(a)", "1:6", 'expected type range vector in call to function "rate", got instant vector'],
  ["sum(5)", "1:5", "expected type instant vector in aggregation expression, got scalar"],
  ["topk(a, b)", "1:6", "expected type scalar in aggregation parameter, got instant vector"],
  ["count_values(5, a)", "1:14", "expected type string in aggregation parameter, got scalar"],
  ["abs()", "1:1", 'expected 1 argument(s) in call to "abs", got 0'],
  ["round()", "1:1", 'expected at least 1 argument(s) in call to "round", got 0'],
  ["round(a, 1, 2)", "1:1", 'expected at most 2 argument(s) in call to "round", got 3'],
  ['label_join(a, "b", "c", d)', "1:25", "expected type string in call to function"],
  ["info(a, b)", "1:9", "expected label selectors only, got vector selector instead"],
  ["info(a, sum(b))", "1:9", "expected label selectors only"],
  ["1 < 2", "1:3", "comparisons between scalars must use BOOL modifier"],
  ["a + bool b", "1:3", "bool modifier can only be used on comparison operators"],
  ["a or 5", "1:1", 'set operator "or" not allowed in binary scalar expression'],
  ['a + "b"', "1:5", "binary expression must contain only scalar and instant vector types"],
  ["a + on (x) 5", "1:1", "vector matching only allowed between instant vectors"],
  ["a + fill (1) 5", "1:1", "filling in missing series only allowed between instant vectors"],
  ["a or fill (1) b", "1:1", "filling in missing series not allowed for set operators"],
  ["a or on (x) group_left b", "1:1", 'no grouping allowed for "or" operation'],
  ["a * on (x) group_left (x) b", "1:3", 'label "x" must not occur in ON and GROUP clause at once'],
  ["5[1m:]", "1:1", "subquery is only allowed on instant vector, got scalar instead"],
  [
    "-a[5m]",
    "1:1",
    "unary expression only allowed on expressions of type scalar or instant vector",
  ],
  ["{}", "1:1", "vector selector must contain at least one non-empty matcher"],
  ['a{"b"}', "1:1", 'metric name must not be set twice: "a" or "b"'],
])("%s", (text, place, reason) => {
  expect(() => parseExpr(text, all)).toThrow(`${place}: parse error: ${reason}`);
});

test("the labels of info() may select everything", () => {
  expect(parseExpr('info(a, {b=~".*"})', all).kind).toBe("call");
});

test("the outermost fault of the leftmost operand comes first", () => {
  expect(() => parseExpr("sum(rate(a)) + abs(5)")).toThrow("1:10");
  expect(() => parseExpr("abs(rate(a), 1)")).toThrow('expected 1 argument(s) in call to "abs"');
});

test("only operations of two vectors keep a matching", () => {
  expect(parseExpr("a * b")).toMatchObject({ matching: { card: "one-to-one" } });
  expect(parseExpr("a * 2")).toHaveProperty("matching", undefined);
  expect(parseExpr("1 * 2")).toHaveProperty("matching", undefined);
});
