import { exp2, log2 } from "../go-math.ts";
import { allBuckets, type Bucket } from "./buckets.ts";
import { type FloatHistogram, hasCustomBuckets } from "./float-histogram.ts";

/** Buckets as interpolation sees them: one-sided histograms have a one-sided zero bucket. */
export function interpolatedBuckets(h: FloatHistogram): readonly Bucket[] {
  const custom = hasCustomBuckets(h);
  const [below, above] = [h.negative.indices.length > 0, h.positive.indices.length > 0];
  return allBuckets(h).map((bucket) => {
    const { lower, upper, count } = bucket;
    if (custom) return lower === -Infinity && upper > 0 ? { lower: 0, upper, count } : bucket;
    if (lower >= 0 || upper <= 0) return bucket;
    if (!below && above) return { lower: 0, upper, count };
    return below && !above ? { lower, upper: 0, count } : bucket;
  });
}

/** The value below which `quantile` of the observations lie. NaN observations count as largest. */
export function histogramQuantile(h: FloatHistogram, quantile: number): number {
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  if (h.count === 0 || Number.isNaN(quantile)) return Number.NaN;
  const forward = Number.isNaN(h.sum) || quantile < 0.5;
  let rank = (forward ? quantile : 1 - quantile) * h.count;
  const buckets = interpolatedBuckets(h);
  let bucket: Bucket = { lower: 0, upper: 0, count: 0 };
  let count = 0;
  for (let i = 0; i < buckets.length && !(i > 0 && count >= rank); i++) {
    bucket = buckets[forward ? i : buckets.length - 1 - i] as Bucket;
    count += bucket.count;
  }
  if (bucket.lower === -Infinity) return bucket.upper;
  if (bucket.upper === Infinity && hasCustomBuckets(h)) return bucket.lower;
  count = Math.min(count, h.count);
  if (count < rank) {
    return Number.isNaN(h.sum) ? Number.NaN : bucket.upper;
  }
  rank = forward ? rank - (count - bucket.count) : count - rank;
  return valueAt(bucket, rank / bucket.count, hasCustomBuckets(h));
}

function valueAt({ lower, upper }: Bucket, fraction: number, linear: boolean): number {
  if (linear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const [logLower, logUpper] = [log2(Math.abs(lower)), log2(Math.abs(upper))];
  if (lower > 0) return exp2(logLower + (logUpper - logLower) * fraction);
  return -exp2(logUpper + (logLower - logUpper) * (1 - fraction));
}

/** Which part of a bucket's observations lies at or below `value`, which is inside of it. */
export function fractionBelow({ lower, upper }: Bucket, value: number, linear: boolean): number {
  if (lower === -Infinity) return 1;
  if (upper === Infinity) return 0;
  if (linear || (lower <= 0 && upper >= 0)) return (value - lower) / (upper - lower);
  const [logLower, logUpper] = [log2(Math.abs(lower)), log2(Math.abs(upper))];
  const logValue = log2(Math.abs(value));
  if (value > 0) return (logValue - logLower) / (logUpper - logLower);
  return 1 - (logValue - logUpper) / (logLower - logUpper);
}

/** The part of the observations between two values; NaN observations are in no part. */
export function histogramFraction(h: FloatHistogram, lower: number, upper: number): number {
  if (h.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const linear = hasCustomBuckets(h);
  const buckets = interpolatedBuckets(h);
  const rankOf = (value: number): number => {
    let rank = 0;
    for (const bucket of buckets) {
      if (bucket.lower >= value) break;
      if (bucket.upper > value) return rank + bucket.count * fractionBelow(bucket, value, linear);
      rank += bucket.count;
    }
    return Math.min(rank, h.count);
  };
  return (rankOf(upper) - rankOf(lower)) / h.count;
}

/** Variance of the observations, taken to be in the middle of their buckets. */
export function histogramVariance(h: FloatHistogram): number {
  const mean = h.sum / h.count;
  let [total, rest] = [0, 0];
  for (const bucket of allBuckets(h)) {
    const distance = middleOf(bucket, hasCustomBuckets(h)) - mean;
    const square = bucket.count * distance * distance;
    const next = total + square;
    if (Number.isFinite(next)) {
      rest += Math.abs(total) >= Math.abs(square) ? total - next + square : square - next + total;
    } else rest = 0;
    total = next;
  }
  return (total + rest) / h.count;
}

function middleOf({ lower, upper }: Bucket, linear: boolean): number {
  if (linear) return (lower + upper) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const middle = Math.sqrt(lower * upper);
  return upper < 0 ? -middle : middle;
}
