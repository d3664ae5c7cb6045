import fc from "fast-check";
import { expect, test } from "vitest";
import { labelsFrom, labelsKey } from "../../../server/model/index.ts";

const text = fc.string({
  unit: fc.constantFrom("\xff", "1", ",", "a"),
  minLength: 1,
  maxLength: 4,
});
const labels = fc.array(fc.tuple(text, text), { maxLength: 3 }).map((pairs) => labelsFrom(pairs));

test("keys are equal exactly for equal label sets, whatever characters they hold", () => {
  fc.assert(
    fc.property(labels, labels, (a, b) => {
      expect(labelsKey(a) === labelsKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
    { numRuns: 20_000 },
  );
});

test("a separator inside a label does not make two sets one", () => {
  expect(labelsKey(["a", "b\xffc\xffd"])).not.toBe(labelsKey(["a", "b", "c", "d"]));
});
