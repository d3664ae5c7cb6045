import fc from "fast-check";
import { expect, test } from "vitest";
import * as presence from "../../../../server/promql/operators/presence.ts";

const stepSets = fc.integer({ min: 1, max: 100 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    a: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 })),
    b: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 })),
  }),
);

function bitsOf(count: number, steps: readonly number[]): presence.Presence {
  const bits = presence.emptyPresence(count);
  for (const step of steps) presence.setPresent(bits, step);
  return bits;
}

test("bits behave as a set of steps", () => {
  fc.assert(
    fc.property(stepSets, ({ count, a, b }) => {
      const bits = bitsOf(count, a);
      for (let step = 0; step < count; step++) {
        expect(presence.isPresent(bits, step)).toBe(a.includes(step));
      }
      expect(presence.countPresent(bits)).toBe(a.length);
      expect(presence.isEmpty(bits)).toBe(a.length === 0);
      expect(presence.intersects(bits, bitsOf(count, b))).toBe(a.some((step) => b.includes(step)));
      presence.unite(bits, bitsOf(count, b));
      expect(presence.countPresent(bits)).toBe(new Set([...a, ...b]).size);
    }),
  );
});

test.each([1, 31, 32, 33, 64, 100])("all of %d steps, none beyond", (count) => {
  const bits = presence.emptyPresence(count);
  presence.setAllPresent(bits, count);
  expect(presence.countPresent(bits)).toBe(count);
});
