import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";
import { formatDuration, printExpr, printMatcher } from "../../../../server/promql/parser/print.ts";

test.each([
  [0, "0s"],
  [1, "1ms"],
  [90_000, "1m30s"],
  [-300_000, "-5m"],
  [604_800_000, "1w"],
  [777_600_000, "9d"],
  [31_536_000_000, "1y"],
  [31_536_000_001, "365d1ms"],
])("%d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("names that need quotes get them", () => {
  expect(printMatcher({ type: "=~", name: "a.b", value: 'x"' })).toBe(`"a.b"=~"x\\""`);
  expect(printMatcher({ type: "!=", name: "a1", value: "" })).toBe(`a1!=""`);
  expect(printMatcher({ type: "=", name: "1a", value: "" })).toBe(`"1a"=""`);
});

test("matchers are sorted, the name stands outside", () => {
  expect(printExpr(parseExpr(`up{b="1",a="2"}`))).toBe(`up{a="2",b="1"}`);
  expect(printExpr(parseExpr(`{"up"}`))).toBe(`{__name__="up"}`);
});

test("what a planner wraps is printed as it was", () => {
  const inner = parseExpr("up @ 5");
  const { position } = inner;
  expect(printExpr({ kind: "step-invariant", expr: inner, position })).toBe("up @ 5.000");
});
