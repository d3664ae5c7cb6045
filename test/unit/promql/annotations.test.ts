import { expect, test } from "vitest";
import { createAnnotations } from "../../../server/promql/annotations.ts";

const at = (start: number): { start: number; end: number } => ({ start, end: start + 1 });

const byStart = ({ start }: { start: number }): number => start;

test("a text counts once, at the place that is evaluated last", () => {
  const annotations = createAnnotations(byStart);
  annotations.add({ kind: "info", text: "odd", position: at(6) });
  annotations.add({ kind: "info", text: "odd", position: at(0) });
  annotations.add({ kind: "warning", text: "odd", position: at(3) });
  expect(annotations.texts("ab\ncd ef")).toEqual({
    warnings: ["PromQL warning: odd (2:1)"],
    infos: ["PromQL info: odd (2:4)"],
  });
});

test("remarks of a shared part move with the place that uses it", () => {
  const [own, shared] = [createAnnotations(byStart), createAnnotations(byStart)];
  shared.add({ kind: "info", text: "odd", position: at(1) });
  own.addAll(shared, 4);
  expect(own.texts("123456789").infos).toEqual(["PromQL info: odd (1:6)"]);
});

test("fixes are joined into their spread", () => {
  const annotations = createAnnotations(byStart);
  const fix = { bucketMin: 0.5, bucketMax: 2, differenceMax: 0.123, timeMs: 61_999 };
  annotations.add({ kind: "info", text: "fixed", position: at(0), fix });
  annotations.add({
    kind: "info",
    text: "fixed",
    position: at(0),
    fix: { ...fix, bucketMax: Infinity, timeMs: 1000 },
  });
  expect(annotations.texts("x").infos).toEqual([
    "PromQL info: fixed, from buckets 0.5 to +Inf, with a max diff of 0.12, " +
      "over 2 samples from 1970-01-01T00:00:01Z to 1970-01-01T00:01:01Z (1:1)",
  ]);
});
