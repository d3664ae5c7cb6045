import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createStepHeaps,
  largestFirst,
  smallestFirst,
} from "../../../../server/promql/operators/step-heaps.ts";

const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 50 });

test("keeps the k largest of each step", () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: 1, max: 8 }), (first, second, k) => {
      const heaps = createStepHeaps(2, smallestFirst, () => undefined);
      for (const [step, column] of [first, second].entries()) {
        column.forEach((value, owner) => {
          if (heaps.size(step) < k) heaps.push(step, value, owner);
          else if (heaps.top(step) < value) heaps.replaceTop(step, value, owner);
        });
        const kept = heaps.entries(step).map((entry) => entry.value);
        const sorted = [...column].sort((a, b) => b - a).slice(0, k);
        expect(kept.sort((a, b) => b - a)).toEqual(sorted);
        for (const { value, owner } of heaps.entries(step)) expect(column[owner]).toBe(value);
      }
    }),
  );
});

test("a NaN is on top in both orders, so it yields first", () => {
  for (const order of [smallestFirst, largestFirst]) {
    const heaps = createStepHeaps(1, order, () => undefined);
    for (const [owner, value] of [3, Number.NaN, 1].entries()) heaps.push(0, value, owner);
    expect(heaps.top(0)).toBeNaN();
  }
});

test("room is announced before it is taken", () => {
  let announced = 0;
  const heaps = createStepHeaps(4, smallestFirst, (entries) => {
    announced += entries;
  });
  for (let i = 0; i < 5; i++) heaps.push(1, i, i);
  expect(announced).toBe(heaps.room());
  expect(heaps.room()).toBe(32);
});
