import { expect, test } from "vitest";
import { byLabels, byValue } from "../../../../server/promql/operators/sort.ts";
import { newColumn } from "../../../../server/promql/operators/stream.ts";

function column(value: number, label = ""): ReturnType<typeof newColumn> {
  const made = newColumn(1);
  made.values[0] = value;
  made.labels = ["l", label];
  return made;
}

test("NaN comes last in both directions", () => {
  const columns = [2, Number.NaN, 3, 1].map((value) => column(value));
  const sorted = (direction: 1 | -1): (number | undefined)[] =>
    [...columns].sort(byValue(direction)).map(({ values }) => values[0]);
  expect(sorted(1)).toEqual([1, 2, 3, Number.NaN]);
  expect(sorted(-1)).toEqual([3, 2, 1, Number.NaN]);
});

test("labels sort in natural order", () => {
  const names = ["a10", "a9", "b", "a", "10", "9", "a9b"];
  const sorted = names
    .map((name) => column(0, name))
    .sort(byLabels(["l"], 1))
    .map(({ labels }) => labels[1]);
  expect(sorted).toEqual(["9", "10", "a", "a9", "a9b", "a10", "b"]);
});
