import { expect, test } from "vitest";
import { assertObjectName, isObjectName } from "../../../server/objstore/object-name.ts";

test("names that every store can hold", () => {
  for (const name of [
    "a",
    "tenant/01ABC/chunks/000001",
    "a b/ä/🙂",
    "x".repeat(255),
    "...",
    ".a",
  ]) {
    expect(isObjectName(name), name).toBe(true);
  }
});

test("names that some store or file system would take otherwise", () => {
  const bad = ["", "/a", "a/", "a//b", ".", "a/./b", "../a", "a\0b", "a\nb", "a\\b", "a\u007f"];
  const long = ["x".repeat(256), "é".repeat(128), `${"x".repeat(200)}/`.repeat(6)];
  for (const name of [...bad, ...long, "\ud800"]) {
    expect(isObjectName(name), JSON.stringify(name)).toBe(false);
    expect(() => assertObjectName(name)).toThrow(/malformed/);
  }
});
