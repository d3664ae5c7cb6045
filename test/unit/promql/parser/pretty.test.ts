import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";
import { prettyExpr } from "../../../../server/promql/parser/pretty.ts";

const pretty = (text: string): string => prettyExpr(parseExpr(text));

test("100 bytes stay on their line, 101 do not", () => {
  const fits = `sum(${"a".repeat(95)})`;
  expect(pretty(fits)).toBe(fits);
  expect(pretty(`sum(${"a".repeat(96)})`)).toBe(`sum(\n  ${"a".repeat(96)}\n)`);
});

test("the measure is bytes", () => {
  expect(pretty(`sum({a="${"é".repeat(46)}"})`)).toContain("\n");
});

test("operands are indented, operators are not", () => {
  const a = "a".repeat(60);
  expect(pretty(`${a} + on (x) ${a}`)).toBe(`  ${a}\n+ on (x)\n  ${a}`);
});
