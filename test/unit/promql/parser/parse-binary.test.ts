import { expect, test } from "vitest";
import type { Expr } from "../../../../server/promql/parser/ast.ts";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";
import { operatorStrength } from "../../../../server/promql/parser/parse-binary.ts";

/** The tree with a parenthesis around each operation. */
function shape(expr: Expr): string {
  if (expr.kind === "binary") return `(${shape(expr.lhs)}${expr.op}${shape(expr.rhs)})`;
  if (expr.kind === "unary") return `(${expr.op}${shape(expr.expr)})`;
  if (expr.kind === "number") return String(expr.value);
  return expr.kind === "vector-selector" ? expr.name : expr.kind;
}

test.each([
  ["a+b*c^d", "(a+(b*(c^d)))"],
  ["a-b-c", "((a-b)-c)"],
  ["a^b^c", "(a^(b^c))"],
  ["-a^b", "(-(a^b))"],
  ["-a*b", "((-a)*b)"],
  ["a*-b*c", "((a*(-b))*c)"],
  ["a^-b^c*d", "((a^(-(b^c)))*d)"],
  ["a or b and c unless d", "(aor((bandc)unlessd))"],
  ["a == b + c", "(a==(b+c))"],
  ["a </ 1 + 2", "(a</(1+2))"],
  ["a atan2 b * c", "((aatan2b)*c)"],
])("%s", (text, wanted) => {
  expect(shape(parseExpr(text))).toBe(wanted);
});

test("matching says how vectors find each other", () => {
  const text = "a / on (x) group_right (y, z) fill_right (-2) fill_left (1m) b";
  expect(parseExpr(text, { fillModifiers: true })).toMatchObject({
    matching: {
      card: "one-to-many",
      labels: ["x"],
      on: true,
      include: ["y", "z"],
      fillLeft: 60,
      fillRight: -2,
    },
  });
  expect(parseExpr("a and b")).toMatchObject({ matching: { card: "many-to-many", on: false } });
  expect(parseExpr("a + 1")).toMatchObject({ matching: undefined });
});

test("labels of group_left may be missing only before an operand", () => {
  expect(parseExpr("a * on (x) group_left b")).toMatchObject({ matching: { include: [] } });
  expect(() => parseExpr("a * on (x) group_left * b")).toThrow(
    'unexpected <op:*> in grouping opts, expected "("',
  );
});

test("what is no operator has no strength", () => {
  expect(operatorStrength("word:offset")).toBeUndefined();
  expect(operatorStrength("word:or")).toBe(0);
});
