import { expect, test } from "vitest";
import { addTo, emptySum } from "../../../server/promql/kahan.ts";

test("what rounding takes is given back", () => {
  const total = emptySum();
  for (const value of [1, 1e100, 1, -1e100]) addTo(total, value);
  expect(total.sum + total.compensation).toBe(2);
});

test("an infinite sum has no compensation", () => {
  const total = emptySum();
  for (const value of [1, 1e100, Infinity]) addTo(total, value);
  expect(total).toEqual({ sum: Infinity, compensation: 0 });
});
