import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";

const all = { experimentalFunctions: true, extendedRangeSelectors: true };

test("modifiers stand on the selector inside a range", () => {
  expect(parseExpr("up[5m] smoothed @ 1.5 offset -1m", all)).toMatchObject({
    kind: "matrix-selector",
    range: { kind: "ms", ms: 300_000 },
    selector: {
      name: "up",
      at: { kind: "time", timeMs: 1500 },
      offset: { kind: "ms", ms: -60_000 },
      extended: "smoothed",
      position: { start: 0, end: 2 },
    },
    position: { start: 0, end: 32 },
  });
});

test("a subquery has its own modifiers", () => {
  expect(parseExpr("(a + b)[1h:] @ end() offset 5m")).toMatchObject({
    kind: "subquery",
    range: { ms: 3_600_000 },
    step: undefined,
    at: { kind: "end" },
    offset: { ms: 300_000 },
    position: { start: 0, end: 30 },
  });
});

test("an offset of nothing is none, and may be given again", () => {
  expect(parseExpr("up offset 0s offset 5m")).toMatchObject({ offset: { ms: 300_000 } });
  expect(() => parseExpr("up offset 1s offset 5m")).toThrow("offset may not be set multiple times");
});

test("times round to milliseconds, halves away from zero", () => {
  expect(parseExpr("up @ -1.0005")).toMatchObject({ at: { timeMs: -1001 } });
});

test.each([
  ["1 offset 5m", "offset modifier must be preceded by an instant vector selector or range"],
  ["sum(a) @ 5", "@ modifier must be preceded by an instant vector selector or range"],
  ["a @ 1 @ 2", "@ <timestamp> may not be set multiple times"],
  ["a @ NaN", "timestamp out of bounds for @ modifier: NaN"],
  ["a @ start", "unexpected end of input in @, expected timestamp"],
  ["a[5m", "unclosed left bracket"],
  ["sum(a)[5m]", "1:7: parse error: ranges only allowed for vector selectors"],
  ["a offset 5m[5m]", "1:12: parse error: no offset modifiers allowed before range"],
  ["a @ 5[5m]", "1:6: parse error: no @ modifiers allowed before range"],
  ["a[0s]", "1:3: parse error: duration must be greater than 0"],
  ["a[5m:0]", "1:6: parse error: duration must be greater than 0"],
  ["a[5m:1m 2m]", 'unexpected duration "2m" in subquery selector, expected "]"'],
  ["a[5m 2m]", 'unexpected duration "2m" in subquery or range, expected ":" or "]"'],
  ["a anchored smoothed", "anchored and smoothed modifiers cannot be used together"],
  ["5 anchored", "anchored modifier not implemented"],
  ["a[5m:] anchored", "anchored modifier is not supported for subqueries"],
])("%s", (text, message) => {
  expect(() => parseExpr(text, all)).toThrow(message);
});
