import { expect, test } from "vitest";
import type { MatcherType } from "../../../../server/model/index.ts";
import {
  matchesEmpty,
  parseGrouping,
  parseLabelSet,
  parseMatchers,
} from "../../../../server/promql/parser/parse-labels.ts";
import { Parsing } from "../../../../server/promql/parser/parsing.ts";

test("matchers keep their order and their braces' place", () => {
  const { items, position } = parseMatchers(new Parsing(`{b=~"x|y", "a.c"!='1', "up",}`, {}));
  expect(items).toEqual([
    { type: "=~", name: "b", value: "x|y" },
    { type: "!=", name: "a.c", value: "1" },
    { type: "=", name: "__name__", value: "up" },
  ]);
  expect(position).toEqual({ start: 0, end: 29 });
});

test("patterns are checked when they are read", () => {
  expect(() => parseMatchers(new Parsing(`{a="b", c=~"x("}`, {}))).toThrow(
    "1:9: parse error: error parsing regexp: missing closing ): `x(`",
  );
  expect(() => parseMatchers(new Parsing(`{a!~"\\\\"}`, {}))).toThrow(
    "error parsing regexp: trailing backslash at end of expression: ``",
  );
});

test("plain patterns are not counted, others are bounded", () => {
  const p = new Parsing(`{a=~"x.*|y+", b=~"[a]", c=~"(b)"}`, { patternsMax: 1 });
  expect(() => parseMatchers(p)).toThrow("more than 1 regular expressions");
  expect(parseMatchers(new Parsing(`{a=~"x.*|y+"}`, { patternsMax: 0 })).items).toHaveLength(1);
});

test("label sets are pairs", () => {
  expect(parseLabelSet(new Parsing(`{a="1", "b c"='2', "up"}`, {})).items).toEqual([
    ["a", "1"],
    ["b c", "2"],
    ["__name__", "up"],
  ]);
  expect(() => parseLabelSet(new Parsing(`{a!="1"}`, {}))).toThrow(
    'unexpected <op:!=> in label set, expected "="',
  );
});

test("groupings take keywords and quoted names, but not everything", () => {
  const { labels } = parseGrouping(new Parsing(`(a, SUM, "b.c", on, )`, {}));
  expect(labels).toEqual(["a", "SUM", "b.c", "on"]);
  expect(parseGrouping(new Parsing("()", {}))).toEqual({ labels: [], end: 2 });
  expect(() => parseGrouping(new Parsing("(without)", {}))).toThrow("expected label");
  expect(() => parseGrouping(new Parsing(`("a\\xff")`, {}))).toThrow(
    'invalid label name for grouping: "a\\xff"',
  );
});

test.each<[MatcherType, string, boolean]>([
  ["=", "", true],
  ["=", "a", false],
  ["!=", "a", true],
  ["!=", "", false],
  ["=~", ".*", true],
  ["=~", ".+", false],
  ["=~", "a|", true],
  ["!~", "a", true],
  ["!~", ".*", false],
])("whether %s %j accepts a missing label", (type, value, accepts) => {
  expect(matchesEmpty({ type, name: "x", value })).toBe(accepts);
});
