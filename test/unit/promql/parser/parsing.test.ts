import { expect, test } from "vitest";
import { Parsing } from "../../../../server/promql/parser/parsing.ts";

const region = { in: "here", expected: "that" };

test("the token ahead is read when looked at, not before", () => {
  const p = new Parsing("a $", {});
  expect(p.take().text).toBe("a");
  expect(p.end).toBe(1);
  expect(() => p.peek()).toThrow("unexpected character: '$'");
});

test("faults speak the words of the innermost region", () => {
  const p = new Parsing("a", {});
  expect(() => p.unexpected()).toThrow('1:1: parse error: unexpected identifier "a"');
  expect(() => p.within({ in: "there", expected: "" }, () => p.unexpected())).toThrow(
    'unexpected identifier "a" in there',
  );
  expect(() => p.within(region, () => p.expect("("))).toThrow(
    'unexpected identifier "a" in here, expected that',
  );
});

test("a region ends with its work", () => {
  const p = new Parsing("a b", {});
  p.within(region, () => p.take());
  expect(() => p.unexpected()).toThrow(/unexpected identifier "b"$/);
});

test("nesting, height and parts are bounded", () => {
  const p = new Parsing("a", { nestingMax: 2, heightMax: 3, nodesMax: 4 });
  expect(p.nested(() => p.nested(() => 1))).toBe(1);
  expect(() => p.nested(() => p.nested(() => p.nested(() => 1)))).toThrow("deeper than 2 levels");
  expect(() => p.grow(3)).toThrow("more than 3 operations in a row");
  p.grow(2);
  expect(p.height).toBe(3);
  expect(() => [1, 2, 3, 4].forEach(() => p.count())).toThrow("more than 4 parts");
});
