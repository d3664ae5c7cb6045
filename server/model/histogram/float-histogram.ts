/** What a histogram says about the one before it in its series. */
export type CounterResetHint = "unknown" | "reset" | "not-reset" | "gauge";

/** Populated buckets of one side: ascending indices and their absolute counts, none of them 0. */
export interface BucketCounts {
  readonly indices: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A native histogram with float counts. Never changed once it is made, so it may be shared by
 * everybody. Schemas -4 to 8 have exponential buckets of base 2^(2^-schema), bucket `i` ending at
 * base^i; schema -53 has the bounds of `customBounds`, bucket 0 below the first of them.
 */
export interface FloatHistogram {
  readonly schema: number;
  /** Half the width of the zero bucket. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: BucketCounts;
  readonly negative: BucketCounts;
  /** Upper bounds of schema -53, ascending, without the infinite one; else empty. */
  readonly customBounds: readonly number[];
  readonly hint: CounterResetHint;
}

/** Schema of histograms with custom buckets. */
export const customSchema = -53;

/** No populated bucket. */
export const noBuckets: BucketCounts = { indices: [], counts: [] };

/** A histogram without observations, to be made into others by spreading. */
export const emptyHistogram: FloatHistogram = {
  ...{ schema: 0, zeroThreshold: 0, zeroCount: 0, count: 0, sum: 0 },
  ...{ positive: noBuckets, negative: noBuckets, customBounds: [], hint: "unknown" },
};

/** True for histograms with custom buckets. */
export function hasCustomBuckets({ schema }: FloatHistogram): boolean {
  return schema === customSchema;
}

/** Buckets from counts that follow each other from index `first` on; zeros are left out. */
export function bucketsFrom(first: number, counts: readonly number[]): BucketCounts {
  return withoutZeros(
    counts.map((_, i) => first + i),
    counts,
  );
}

/** The same pairs without those whose count is 0. */
export function withoutZeros(indices: readonly number[], counts: readonly number[]): BucketCounts {
  if (!counts.includes(0)) return { indices, counts };
  const kept = counts.map((_, i) => i).filter((i) => counts[i] !== 0);
  return {
    indices: kept.map((i) => indices[i] as number),
    counts: kept.map((i) => counts[i] as number),
  };
}

/** True when both have the same layout, counts and sum; NaN equals NaN. Hints do not matter. */
export function histogramsEqual(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    (hasCustomBuckets(a) ||
      (a.zeroThreshold === b.zeroThreshold && Object.is(a.zeroCount, b.zeroCount))) &&
    sameNumbers(a.customBounds, b.customBounds) &&
    sameBuckets(a.positive, b.positive) &&
    sameBuckets(a.negative, b.negative)
  );
}

function sameBuckets(a: BucketCounts, b: BucketCounts): boolean {
  return sameNumbers(a.indices, b.indices) && sameNumbers(a.counts, b.counts);
}

/** True when both hold the same numbers. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
