import type { BucketCounts, FloatHistogram } from "../model/index.ts";

/**
 * An order of histograms, so that everybody takes the same one of two that stand at one time:
 * first the one with more observations, which has probably seen all that the other has; then the
 * rest of its numbers decides. 0: they are the same but for their hints. Not a number is greater
 * than all numbers.
 */
export function compareHistograms(a: FloatHistogram, b: FloatHistogram): number {
  return (
    compareNumbers(a.count, b.count) ||
    compareNumbers(a.sum, b.sum) ||
    compareNumbers(a.zeroCount, b.zeroCount) ||
    compareNumbers(a.schema, b.schema) ||
    compareNumbers(a.zeroThreshold, b.zeroThreshold) ||
    compareBuckets(a.positive, b.positive) ||
    compareBuckets(a.negative, b.negative) ||
    compareLists(a.customBounds, b.customBounds)
  );
}

function compareBuckets(a: BucketCounts, b: BucketCounts): number {
  return compareLists(a.indices, b.indices) || compareLists(a.counts, b.counts);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  if (a === b) return 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareNumbers(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}
