import { expect, test } from "vitest";
import {
  durationMs,
  numberValue,
  secondsOf,
  stringValue,
} from "../../../../server/promql/parser/literals.ts";

test.each<[string, number]>([
  ["0", 0],
  ["42", 42],
  ["1_000", 1000],
  ["1_0.5", 10.5],
  ["1e3", 1000],
  [".5", 0.5],
  ["0x1F", 31],
  ["0X_ff", 255],
  ["0755", 493],
  ["0_7", 7],
  ["0789", 789],
  ["9223372036854775808", 2 ** 63],
  ["iNf", Number.POSITIVE_INFINITY],
  ["nan", Number.NaN],
  [`${"0".repeat(100)}7`, 7],
])("%s is %d", (text, value) => {
  expect(numberValue(text)).toEqual({ value });
});

test.each([
  ["0x", "invalid syntax"],
  ["0xffffffffffffffff", "invalid syntax"],
  ["1e400", "value out of range"],
  ["9".repeat(400), "value out of range"],
])("%s cannot be read", (text, why) => {
  expect(numberValue(text)).toEqual({
    fault: `error parsing number: strconv.ParseFloat: parsing "${text}": ${why}`,
  });
});

test("a hundred thousand digits take no time", () => {
  expect(numberValue("1".repeat(100_000))).toHaveProperty("fault");
  expect(durationMs(`${"1".repeat(100_000)}s`)).toHaveProperty("fault");
});

test("durations add their units up", () => {
  expect(durationMs("1y1w1d1h1m1s1ms")).toEqual({ value: 32_230_861_001 });
  expect(durationMs("90s")).toEqual({ value: 90_000 });
  expect(durationMs("0s")).toEqual({ value: 0 });
});

test.each([
  ["1m1h", 'not a valid duration string: "1m1h"'],
  ["5m5m", 'not a valid duration string: "5m5m"'],
  [".5h", 'not a valid duration string: ".5h"'],
  ["5hs", 'unknown unit "hs" in duration "5hs"'],
  ["1.5h", 'unknown unit "." in duration "1.5h"'],
  ["293y", "duration out of range"],
  ["99999999999999999999s", 'not a valid duration string: "99999999999999999999s"'],
])("%s is no duration", (text, fault) => {
  expect(durationMs(text)).toEqual({ fault });
});

test("seconds keep the bits of Go's division", () => {
  expect(secondsOf(1500)).toBe(1.5);
  expect(secondsOf(5)).toBe(0.005);
});

test.each<[string, string]>([
  [`"a\\tb"`, "a\tb"],
  [`'it\\'s'`, "it's"],
  ["`raw\\n`", "raw\\n"],
  [`"\\x41\\101\\u00e9\\U0001F600"`, "AAé😀"],
  [`"\\xc3\\xa9"`, "é"],
  [`"é\\\\"`, "é\\"],
  [`"\\ufeffx"`, "\ufeffx"],
  [`"a\\xffb\\xc3"`, "a\udcffb\udcc3"],
])("%s has its value", (text, value) => {
  expect(stringValue(text)).toBe(value);
});
