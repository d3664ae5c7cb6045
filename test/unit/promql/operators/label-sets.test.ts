import { expect, test } from "vitest";
import {
  keepOnly,
  printLabels,
  withLabels,
  without,
  withoutName,
} from "../../../../server/promql/operators/label-sets.ts";

const labels = ["__name__", "x", "__type__", "counter", "a", "1", "b", "2"];

test("name, type and unit go together", () => {
  expect(withoutName(labels)).toEqual(["a", "1", "b", "2"]);
});

test("what loses nothing stays the same array", () => {
  expect(without(labels, () => false)).toBe(labels);
});

test("labels are kept, set and taken away", () => {
  expect(keepOnly(labels, new Set(["b", "c"]))).toEqual(["b", "2"]);
  expect(
    withLabels(
      ["a", "1", "c", "3"],
      [
        ["b", "2"],
        ["a", ""],
      ],
    ),
  ).toEqual(["b", "2", "c", "3"]);
});

test("error texts show the name among the labels", () => {
  expect(printLabels(["__name__", "x", "a.b", 'q"'])).toBe('{__name__="x", "a.b"="q\\""}');
});
