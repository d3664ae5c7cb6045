import { expect, test } from "vitest";
import { lineColumn, PromqlError, sizeBytes } from "../../../../server/promql/parser/error.ts";

test("columns are counted in bytes, from 1, on the line of the fault", () => {
  expect(lineColumn("abc", 0)).toEqual({ line: 1, column: 1 });
  expect(lineColumn("a\nbc", 3)).toEqual({ line: 2, column: 2 });
  expect(lineColumn("a\n", 2)).toEqual({ line: 2, column: 1 });
  expect(lineColumn("é😀x", 6)).toEqual({ line: 1, column: 7 });
});

test("the message names place and reason", () => {
  const fault = { kind: "syntax", query: "a\n$", reason: "odd", position: { start: 2, end: 3 } };
  const error = new PromqlError({ ...fault, kind: "syntax" });
  expect(error.message).toBe("2:1: parse error: odd");
  expect(error).toMatchObject({ line: 2, column: 1, reason: "odd", kind: "syntax" });
  expect(error).toBeInstanceOf(Error);
});

test("an empty query has no place", () => {
  const error = new PromqlError({
    kind: "syntax",
    query: "",
    reason: "nothing",
    position: { start: 0, end: 0 },
  });
  expect(error.message).toBe("unknown position: parse error: nothing");
});

test("code points take one to four bytes", () => {
  expect([0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000].map(sizeBytes)).toEqual([1, 2, 2, 3, 3, 4]);
});
