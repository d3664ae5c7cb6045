import { expect, test } from "vitest";
import { createSampleBudget } from "../../../server/promql/memory-limit.ts";

test("holds up to its limit and remembers the most it held", () => {
  const budget = createSampleBudget(10);
  budget.hold(8);
  budget.release(5);
  budget.hold(7);
  expect(() => budget.hold(1)).toThrow(
    "query processing would load too many samples into memory in query execution",
  );
  expect(budget.peak()).toBe(11);
});

test("zero means no limit", () => {
  const budget = createSampleBudget(0);
  budget.hold(1e12);
  expect(budget.peak()).toBe(1e12);
});
