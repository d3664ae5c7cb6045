import { expect, test } from "vitest";
import {
  addHistograms,
  bucketsFrom,
  customSchema,
  detectReset,
  emptyHistogram,
  type FloatHistogram,
  subtractHistograms,
} from "../../../../server/model/index.ts";

const exponential = (schema: number, counts: readonly number[]): FloatHistogram => ({
  ...emptyHistogram,
  schema,
  count: counts.reduce((a, b) => a + b, 0),
  positive: bucketsFrom(1, counts),
});

test("the coarser resolution wins", () => {
  const sum = addHistograms(exponential(1, [1, 2, 3, 4]), exponential(0, [10, 20]));
  expect(sum?.histogram).toMatchObject({
    ...{ schema: 0, count: 40 },
    positive: { indices: [1, 2], counts: [13, 27] },
  });
});

test("only common custom bounds stay", () => {
  const custom = (customBounds: readonly number[], counts: readonly number[]): FloatHistogram => ({
    ...{ ...emptyHistogram, schema: customSchema, customBounds },
    positive: bucketsFrom(0, counts),
  });
  const sum = addHistograms(custom([1, 2, 3], [1, 1, 1, 1]), custom([2, 4], [5, 5, 5]));
  expect(sum?.reconciled).toBe(true);
  expect(sum?.histogram.customBounds).toEqual([2]);
  expect(sum?.histogram.positive.counts).toEqual([7, 12]);
});

test("custom and exponential buckets do not mix", () => {
  expect(addHistograms({ ...emptyHistogram, schema: customSchema }, emptyHistogram)).toBe(
    undefined,
  );
});

test("a zero bucket that meets a larger one grows over whole buckets", () => {
  const wide = { ...emptyHistogram, zeroThreshold: 3, zeroCount: 1 };
  const sum = addHistograms(exponential(0, [1, 2, 4]), wide);
  expect(sum?.histogram).toMatchObject({ zeroThreshold: 4, zeroCount: 4 });
  expect(sum?.histogram.positive).toEqual({ indices: [3], counts: [4] });
});

test("a difference is a gauge without buckets that became empty", () => {
  const difference = subtractHistograms(exponential(0, [3, 5]), exponential(0, [3, 4]));
  expect(difference?.histogram.hint).toBe("gauge");
  expect(difference?.histogram.positive).toEqual({ indices: [2], counts: [1] });
});

test("a bucket that fell is a reset, unless the hint denies it", () => {
  const [before, now] = [exponential(0, [3, 1]), exponential(0, [2, 5])];
  expect(detectReset(now, before)).toBe(true);
  expect(detectReset({ ...now, hint: "not-reset" }, before)).toBe(false);
  expect(detectReset(exponential(0, [3, 2]), before)).toBe(false);
});
