import { expect, test } from "vitest";
import {
  parseDurationExpr,
  parseOffsetDuration,
  toDuration,
} from "../../../../server/promql/parser/parse-duration.ts";
import { Parsing } from "../../../../server/promql/parser/parsing.ts";
import { printDuration } from "../../../../server/promql/parser/print.ts";

function inBrackets(text: string): string {
  const p = new Parsing(`[${text}]`, {});
  p.expect("[");
  const printed = printDuration(toDuration(parseDurationExpr(p)));
  p.expect("]");
  return printed;
}

/** The printed offset, and what it leaves of the text. */
function afterOffset(text: string): readonly [string, string] {
  const p = new Parsing(text, {});
  const printed = printDuration(toDuration(parseOffsetDuration(p)));
  const end = p.end;
  return [printed, text.slice(end)];
}

test("literals become whole milliseconds", () => {
  expect(inBrackets("5m")).toBe("5m");
  expect(inBrackets("0.0015")).toBe("1ms");
  expect(inBrackets("-(-90)")).toBe("1m30s");
});

test("operators bind as in arithmetic", () => {
  expect(inBrackets("1m + 2m * 3 ^ 2 ^ 1 - 4m")).toBe("1m + 2m * 3 ^ 2 ^ 1 - 4m");
  const p = new Parsing("[1m - 2m - 3m ^ 2]", {});
  p.expect("[");
  expect(parseDurationExpr(p)).toMatchObject({
    op: "-",
    lhs: { op: "-", lhs: { value: 60 }, rhs: { value: 120 } },
    rhs: { op: "^" },
    position: { start: 1, end: 17 },
  });
});

test("an offset ends where Prometheus ends it", () => {
  expect(afterOffset("5m + 3m")).toEqual(["5m", " + 3m"]);
  expect(afterOffset("-5m ^ 2")).toEqual(["-5m", " ^ 2"]);
  expect(afterOffset("-(5m + 1) + 3m")).toEqual(["-(5m + 1)", " + 3m"]);
  expect(afterOffset("(5m) + 3m")).toEqual(["5m + 3m", ""]);
  expect(afterOffset("--5m + 3m")).toEqual(["5m + 3m", ""]);
  expect(afterOffset("step() * 2")).toEqual(["step()", " * 2"]);
  expect(afterOffset("+range() * 2")).toEqual(["range()", " * 2"]);
});

test("what no 63 bits of nanoseconds hold is refused", () => {
  expect(() => inBrackets("9223372037")).toThrow("duration out of range");
  expect(() => afterOffset("-1e30")).toThrow("duration out of range");
  expect(() => afterOffset("NaN")).toThrow("duration out of range");
  expect(inBrackets("9223372036")).toBe("106751d23h47m16s");
});

test("division by a constant zero is refused", () => {
  expect(() => inBrackets("1h / 0")).toThrow("1:5: parse error: division by zero");
  expect(() => inBrackets("1h % 0s")).toThrow("1:5: parse error: modulo by zero");
});

test("without the switch only literals are durations", () => {
  const p = new Parsing("[5m + 1m]", { durationExpressions: false });
  p.expect("[");
  expect(() => parseDurationExpr(p)).toThrow(
    "1:2: parse error: experimental duration expression is not enabled",
  );
});
