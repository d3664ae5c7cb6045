import { type BucketCounts, type FloatHistogram, hasCustomBuckets } from "./float-histogram.ts";

/** A bucket with its bounds; which of them belong to it does not matter for computing. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/**
 * The square root of 2, the root of that and so on, as Prometheus's bounds were made with: some of
 * them are not the nearest floats, and bounds must be the same to the last bit.
 */
const roots = [
  1.414213562373095, 1.189207115002721, 1.0905077326652577, 1.0442737824274138, 1.0218971486541166,
  1.0108892860517005, 1.0054299011128027, 1.0027112750502025,
];
const schemaMax = roots.length;

/** Bounds of schema 8 from 1 up to 2; those of coarser schemas are among them. */
const boundsToTwo = roots.reduce<readonly number[]>(
  (bounds, root) => bounds.flatMap((bound) => [bound, bound * root]),
  [1],
);

/** Upper bound of exponential bucket `index`; the largest float instead of one that overflows. */
export function exponentialBound(index: number, schema: number): number {
  if (schema <= 0) return boundedPower(index * 2 ** -schema, 1);
  const perDouble = 2 ** schema;
  const whole = Math.floor(index / perDouble);
  const step = 2 ** (schemaMax - schema);
  return boundedPower(whole, boundsToTwo[(index - whole * perDouble) * step] as number);
}

/** `factor` × 2^`whole`, the factor from 1 up to 2; rounded once. */
function boundedPower(whole: number, factor: number): number {
  if (whole === 1024 && factor === 1) return Number.MAX_VALUE;
  // Far below 1 a power of two may be 0 while the product is not.
  return whole < -1000 ? factor * 2 ** (whole + 200) * 2 ** -200 : factor * 2 ** whole;
}

/** Bounds of positive bucket `index`. */
export function positiveBounds(h: FloatHistogram, index: number): { lower: number; upper: number } {
  if (!hasCustomBuckets(h)) {
    return {
      lower: exponentialBound(index - 1, h.schema),
      upper: exponentialBound(index, h.schema),
    };
  }
  return {
    lower: index === 0 ? -Infinity : (h.customBounds[index - 1] ?? Infinity),
    upper: h.customBounds[index] ?? Infinity,
  };
}

/** All populated buckets from the lowest to the highest, the zero bucket among them. */
export function allBuckets(h: FloatHistogram): readonly Bucket[] {
  const buckets: Bucket[] = [];
  const { negative, positive } = h;
  for (let i = negative.indices.length - 1; i >= 0; i--) {
    const { lower, upper } = positiveBounds(h, negative.indices[i] as number);
    buckets.push({ lower: -upper, upper: -lower, count: negative.counts[i] as number });
  }
  if (h.zeroCount !== 0) {
    buckets.push({ lower: -h.zeroThreshold, upper: h.zeroThreshold, count: h.zeroCount });
  }
  for (const [i, index] of positive.indices.entries()) {
    buckets.push({ ...positiveBounds(h, index), count: positive.counts[i] as number });
  }
  return buckets;
}

/** The index that bucket `index` falls into when the resolution is reduced. */
export function reducedIndex(index: number, from: number, to: number): number {
  return Math.floor((index - 1) / 2 ** (from - to)) + 1;
}

/** Moves buckets to other indices, which must ascend too; those that meet are added up. */
export function moveBuckets(
  { indices, counts }: BucketCounts,
  target: (index: number) => number,
): BucketCounts {
  const moved: number[] = [];
  const sums: number[] = [];
  for (const [i, index] of indices.entries()) {
    const to = target(index);
    if (moved.at(-1) === to) sums[sums.length - 1]! += counts[i] as number;
    else {
      moved.push(to);
      sums.push(counts[i] as number);
    }
  }
  return { indices: moved, counts: sums };
}

/** The same observations with a resolution that is not finer than `schema`. */
export function reduceResolution(h: FloatHistogram, schema: number): FloatHistogram {
  if (hasCustomBuckets(h) || h.schema <= schema) return h;
  const target = (index: number): number => reducedIndex(index, h.schema, schema);
  return {
    ...h,
    schema,
    positive: moveBuckets(h.positive, target),
    negative: moveBuckets(h.negative, target),
  };
}

/** Widens the zero bucket to `threshold`, or further to the end of a bucket it would cut. */
export function widenZeroBucket(h: FloatHistogram, threshold: number): FloatHistogram {
  if (hasCustomBuckets(h) || h.zeroThreshold >= threshold) return h;
  let wanted = threshold;
  for (const { indices } of [h.positive, h.negative, h.positive]) {
    for (const index of indices) {
      if (exponentialBound(index - 1, h.schema) >= wanted) break;
      wanted = Math.max(wanted, exponentialBound(index, h.schema));
    }
  }
  const isInside = (index: number): boolean => exponentialBound(index - 1, h.schema) < wanted;
  const inside = [h.positive, h.negative].map(({ indices }) => indices.filter(isInside).length);
  const [insidePositive = 0, insideNegative = 0] = inside;
  let { zeroCount } = h;
  for (let i = 0; i < insidePositive; i++) zeroCount += h.positive.counts[i]!;
  for (let i = 0; i < insideNegative; i++) zeroCount += h.negative.counts[i]!;
  return {
    ...h,
    zeroThreshold: wanted,
    zeroCount,
    positive: skipBuckets(h.positive, insidePositive),
    negative: skipBuckets(h.negative, insideNegative),
  };
}

function skipBuckets({ indices, counts }: BucketCounts, skipped: number): BucketCounts {
  return { indices: indices.slice(skipped), counts: counts.slice(skipped) };
}

/** The same observations in custom buckets of which every bound is among the old ones. */
export function withCustomBounds(h: FloatHistogram, bounds: readonly number[]): FloatHistogram {
  const target = (index: number): number => {
    const upper = h.customBounds[index] ?? Infinity;
    const found = bounds.findIndex((bound) => bound >= upper);
    return found < 0 ? bounds.length : found;
  };
  return { ...h, customBounds: bounds, positive: moveBuckets(h.positive, target) };
}

/** Two histograms brought to one layout. */
export interface Aligned {
  readonly a: FloatHistogram;
  readonly b: FloatHistogram;
  /** Custom bounds differed and only the common ones are left. */
  readonly reconciled: boolean;
}

/** One layout for both, or undefined when one has custom buckets and the other has not. */
export function alignHistograms(a: FloatHistogram, b: FloatHistogram): Aligned | undefined {
  if (hasCustomBuckets(a) !== hasCustomBuckets(b)) return undefined;
  if (hasCustomBuckets(a)) {
    const known = new Set(b.customBounds);
    const common = a.customBounds.filter((bound) => known.has(bound));
    const longest = Math.max(a.customBounds.length, b.customBounds.length);
    if (common.length === longest) return { a, b, reconciled: false };
    return { a: withCustomBounds(a, common), b: withCustomBounds(b, common), reconciled: true };
  }
  let [left, right] = [a, b];
  while (left.zeroThreshold !== right.zeroThreshold) {
    left = widenZeroBucket(left, right.zeroThreshold);
    right = widenZeroBucket(right, left.zeroThreshold);
  }
  const schema = Math.min(a.schema, b.schema);
  return {
    a: reduceResolution(left, schema),
    b: reduceResolution(right, schema),
    reconciled: false,
  };
}
