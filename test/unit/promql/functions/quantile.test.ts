import fc from "fast-check";
import { expect, test } from "vitest";
import { quantileOf } from "../../../../server/promql/functions/quantile.ts";

test.each([
  [0.5, [3, 1, 2], 2],
  [0.5, [1, 2], 1.5],
  [0, [3, 1], 1],
  [1, [3, 1], 3],
  [-1, [1], -Infinity],
  [2, [1], Infinity],
  [0.8, [0, 1, Number.NaN], 0.6000000000000001],
])("quantile %d of %j", (quantile, values, expected) => {
  expect(quantileOf(quantile, Float64Array.from(values))).toBe(expected);
});

test("of nothing there is none", () => {
  expect(quantileOf(0.5, new Float64Array(0))).toBeNaN();
});

test("lies between the extremes", () => {
  const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (column, quantile) => {
      const found = quantileOf(quantile, Float64Array.from(column));
      expect(found).toBeGreaterThanOrEqual(Math.min(...column) - 1e-6);
      expect(found).toBeLessThanOrEqual(Math.max(...column) + 1e-6);
    }),
  );
});
