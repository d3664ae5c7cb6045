import { expect, test } from "vitest";
import { ByteBudget } from "../../../server/limits/byte-budget.ts";

test("what does not fit is refused and what comes back can be had again", () => {
  const budget = new ByteBudget(10);
  expect(budget.reserve(7)).toBe(true);
  expect(budget.reserve(4)).toBe(false);
  expect(budget.reserve(3)).toBe(true);
  budget.release(7);
  expect(budget.usedBytes).toBe(3);
  expect(budget.reserve(7)).toBe(true);
});

test("giving back more than was taken is a bug", () => {
  const budget = new ByteBudget(10);
  budget.reserve(1);
  expect(() => budget.release(2)).toThrow("given back");
});
