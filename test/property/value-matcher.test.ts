import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect, test } from "vitest";
import { compileMatcher } from "../../server/model/index.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "-", "\n", "é", "😀"), maxLength: 6 });
const dots = fc.constantFrom("", ".*", ".+");
const literal = text.map((value) => value.replaceAll("\n", ""));
const pattern = fc.oneof(
  fc.tuple(dots, literal, dots).map((parts) => parts.join("")),
  fc.array(literal, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("|")),
  fc.array(literal, { minLength: 1, maxLength: 4 }).map((parts) => `(${parts.join("|")})`),
  fc.constantFrom("[ab]+", "a.b", "a?b*", "(a|b)+-", "(?i:A)", ""),
);

test("fast paths say what the engine says", () => {
  fc.assert(
    fc.property(pattern, text, (value, subject) => {
      const engine = RE2JS.compile(value, RE2JS.DOTALL).matches(subject);
      const matcher = (type: "=~" | "!~"): boolean =>
        compileMatcher({ type, name: "x", value }).matches(subject);
      expect(matcher("=~")).toBe(engine);
      expect(matcher("!~")).toBe(!engine);
    }),
    { numRuns: 5000, examples: [[".+.+", "😀"]] },
  );
});

test("literals are all that a positive pattern can match", () => {
  fc.assert(
    fc.property(pattern, text, (value, subject) => {
      const { literals, matches } = compileMatcher({ type: "=~", name: "x", value });
      if (literals !== undefined) expect(matches(subject)).toBe(literals.includes(subject));
    }),
    { numRuns: 2000 },
  );
});

test("a pattern that explodes in backtracking engines takes no time here", () => {
  const { matches } = compileMatcher({ type: "=~", name: "x", value: "(a+)+b" });
  expect(matches("a".repeat(20_000))).toBe(false);
});
