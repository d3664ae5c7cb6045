import { expect, test } from "vitest";
import { openSource } from "../../../../server/promql/parser/source.ts";

test("offsets are those of UTF-8", () => {
  const text = "aé☺😀z";
  const { byteAt } = openSource(text, 100);
  const offsets = [...Array(text.length + 1).keys()].map(byteAt);
  expect(offsets).toEqual([0, 1, 3, 6, 10, 10, 11]);
  expect(offsets.at(-1)).toBe(Buffer.byteLength(text));
});

test("offsets of plain ASCII are its indices", () => {
  const { byteAt } = openSource("abc", 3);
  expect([0, 1, 2, 3].map(byteAt)).toEqual([0, 1, 2, 3]);
});

test("a text is refused by its size in bytes", () => {
  expect(() => openSource("abcd", 3)).toThrow("expression is longer than 3 bytes");
  expect(() => openSource("éé", 3)).toThrow("expression is longer than 3 bytes");
  expect(openSource("éé", 4).text).toBe("éé");
});
