import { expect, test } from "vitest";
import { createFiller } from "../../../../server/promql/operators/fill.ts";
import { isPresent, setPresent } from "../../../../server/promql/operators/presence.ts";
import { newColumn } from "../../../../server/promql/operators/stream.ts";

const columnAt = (steps: readonly number[]) => {
  const column = newColumn(40);
  column.labels = ["job", "api"];
  for (const step of steps) setPresent(column.present, step);
  return column;
};
const filler = createFiller({ value: 7, stepCount: 40, labelsOf: () => ["made", "up"] });

test("a partner stands at the steps that nobody has taken", () => {
  const made = filler(columnAt([0, 3, 35]), [columnAt([0]), columnAt([1, 35])]);
  const steps = Array.from({ length: 40 }, (_, step) => step);
  expect(steps.filter((step) => made !== undefined && isPresent(made.present, step))).toEqual([3]);
  expect(made?.values[3]).toBe(7);
  expect(made?.labels).toEqual(["made", "up"]);
});

test("no partner is made when all steps are taken", () => {
  expect(filler(columnAt([2, 33]), [columnAt([2]), columnAt([33])])).toBeUndefined();
});
