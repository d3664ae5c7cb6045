import { expect, test } from "vitest";
import {
  formatFixed,
  formatFloat,
  formatFloatShort,
  quoteChar,
  quoteString,
  roundAwayFromZero,
  unicodeName,
} from "../../../../server/promql/parser/go-text.ts";

test("strings are quoted as by Go's %q", () => {
  expect(quoteString(`a"b\\c'`)).toBe(`"a\\"b\\\\c'"`);
  expect(quoteString("\x07\b\f\n\r\t\v")).toBe(`"\\a\\b\\f\\n\\r\\t\\v"`);
  expect(quoteString("\x00\x1f\x7f")).toBe(`"\\x00\\x1f\\x7f"`);
  expect(quoteString("é☺😀")).toBe(`"é☺😀"`);
  expect(quoteString("\u00a0\u200b\u{e0001}")).toBe(`"\\u00a0\\u200b\\U000e0001"`);
  expect(quoteString("\udcff")).toBe(`"\\xff"`);
});

test("characters are quoted with single quotes", () => {
  expect(["$", "'", '"', "\n", ""].map(quoteChar)).toEqual([
    "'$'",
    "'\\''",
    "'\"'",
    "'\\n'",
    "'�'",
  ]);
});

test("characters are named with their code point", () => {
  expect(unicodeName("q")).toBe("U+0071 'q'");
  expect(unicodeName("\x01")).toBe("U+0001");
  expect(unicodeName("😀")).toBe("U+1F600 '😀'");
});

test("numbers are written without exponent", () => {
  const texts: [number, string][] = [
    [1, "1"],
    [-0, "-0"],
    [0.1, "0.1"],
    [1e-7, "0.0000001"],
    [1.5e-7, "0.00000015"],
    [1e21, "1000000000000000000000"],
    [-1.25e22, "-12500000000000000000000"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [Number.NaN, "NaN"],
  ];
  for (const [value, text] of texts) expect(formatFloat(value)).toBe(text);
});

test("short numbers have an exponent where Go's %v has one", () => {
  const values = [0, 1e-4, 9e-5, 1.5e-10, 1e20, 1e21, -2.5e100, Number.NaN];
  expect(values.map(formatFloatShort)).toEqual([
    "0",
    "0.0001",
    "9e-05",
    "1.5e-10",
    "100000000000000000000",
    "1e+21",
    "-2.5e+100",
    "NaN",
  ]);
});

test("fixed numbers have six decimals", () => {
  expect([1.5, 1e22, Number.NEGATIVE_INFINITY].map(formatFixed)).toEqual([
    "1.500000",
    "10000000000000000000000.000000",
    "-Inf",
  ]);
});

test("halves round away from zero", () => {
  expect([0.5, 1.5, -0.5, -1.5, 0.49, -2.4].map(roundAwayFromZero)).toEqual([1, 2, -1, -2, 0, -2]);
});
