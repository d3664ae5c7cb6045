import { expect, test } from "vitest";
import { exponentialBound } from "../../../../server/model/histogram/buckets.ts";

test.each([
  // Upper bounds as Prometheus 3.14 prints them.
  [1, 1, 1.414213562373095],
  [-1, 1, 0.7071067811865475],
  [3, 2, 1.6817928305074288],
  [255, 8, 1.9945921121709396],
  [-2, -1, 0.0625],
  [2, -4, 4_294_967_296],
])("bucket %i of schema %i ends at %d", (index, schema, bound) => {
  expect(exponentialBound(index, schema)).toBe(bound);
});

test("the last bucket ends at the largest float, the one behind it is infinite", () => {
  expect(exponentialBound(1024, 0)).toBe(Number.MAX_VALUE);
  expect(exponentialBound(1025, 0)).toBe(Infinity);
  expect(exponentialBound(2048, 1)).toBe(Number.MAX_VALUE);
  expect(exponentialBound(2049, 1)).toBe(Infinity);
});

test("the smallest bounds are rounded to floats, not to 0", () => {
  expect(exponentialBound(-2149, 1)).toBe(5e-324);
  expect(exponentialBound(-2043, 1)).toBe(3.146729627982717e-308);
});
