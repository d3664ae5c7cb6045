import { expect, test } from "vitest";
import { scanDurationTail, scanNumber, scanString } from "../../../../server/promql/parser/scan.ts";

test.each(["0", "12", "1.5", ".5", "5.", "1e3", "1E-3", "1_000", "0x1F", "0X_a", "0x", "1e+_"])(
  "%s is a number to its end",
  (text) => {
    const scanned = scanNumber(text, 0);
    if (text === "1e+_") expect(scanned.complete).toBe(false);
    else expect(scanned).toEqual({ end: text.length, complete: true });
  },
);

test.each(["1.2.3", "1__0", "1e", "1e5e", "1._", "0x1.8", "5m", "5x", "1_"])(
  "%s is no number",
  (text) => expect(scanNumber(text, 0).complete).toBe(false),
);

test("a number ends before a sign or a blank", () => {
  expect(scanNumber("a 15 b", 2)).toEqual({ end: 4, complete: true });
  expect(scanNumber("1+2", 0)).toEqual({ end: 1, complete: true });
});

test("a duration is digits and units, and nothing after them", () => {
  expect(scanDurationTail("5m", 1)).toEqual({ end: 2, complete: true });
  expect(scanDurationTail("5m30s]", 1)).toEqual({ end: 5, complete: true });
  expect(scanDurationTail("5ms", 1)).toEqual({ end: 3, complete: true });
  expect(scanDurationTail("5q", 1)).toEqual({ end: 1, complete: false });
  expect(scanDurationTail("5m3", 1)).toEqual({ end: 3, complete: false });
  expect(scanDurationTail("5mx", 1)).toEqual({ end: 3, complete: false });
});

test("a string ends at its own quote", () => {
  expect(scanString(`a'b"c`, 0, '"')).toEqual({ end: 4, fault: undefined });
  expect(scanString(`a\\"b"c`, 0, '"')).toEqual({ end: 5, fault: undefined });
  expect(scanString("a\\`", 0, "`")).toEqual({ end: 3, fault: undefined });
});

test.each([
  ["abc", "unterminated quoted string"],
  ['a\nb"', "unterminated quoted string"],
  ['\\q"', "unknown escape sequence U+0071 'q'"],
  ["\\'\"", "unknown escape sequence U+0027 '''"],
  ['\\x4"', "illegal character U+0022 '\"' in escape sequence"],
  ["\\u00", "escape sequence not terminated"],
  ["\\", "escape sequence not terminated"],
  ['\\777"', "escape sequence is an invalid Unicode code point"],
  ['\\ud800"', "escape sequence is an invalid Unicode code point"],
  ['\\U00110000"', "escape sequence is an invalid Unicode code point"],
  ['\ufffd"', "invalid UTF-8 rune"],
  ['\ud800"', "invalid UTF-8 rune"],
])("%j is refused", (text, fault) => {
  expect(scanString(text, 0, '"').fault).toBe(fault);
});
