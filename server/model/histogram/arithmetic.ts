import { alignHistograms, allBuckets } from "./buckets.ts";
import {
  type BucketCounts,
  type CounterResetHint,
  type FloatHistogram,
  hasCustomBuckets,
  noBuckets,
  withoutZeros,
} from "./float-histogram.ts";

/** A sum or difference, and what had to be done to get it. */
export interface Combined {
  readonly histogram: FloatHistogram;
  /** Custom bounds differed; only the common ones are left. */
  readonly reconciled: boolean;
  /** One side says that its counter was reset, the other that it was not. */
  readonly collision: boolean;
}

/** Adds two histograms; undefined when only one of them has custom buckets. */
export function addHistograms(a: FloatHistogram, b: FloatHistogram): Combined | undefined {
  return combine(a, b, 1);
}

/** Subtracts `b` from `a`, which makes a gauge; undefined as in `addHistograms`. */
export function subtractHistograms(a: FloatHistogram, b: FloatHistogram): Combined | undefined {
  const combined = combine(a, b, -1);
  return combined && { ...combined, histogram: { ...combined.histogram, hint: "gauge" } };
}

function combine(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1): Combined | undefined {
  const aligned = alignHistograms(a, b);
  if (aligned === undefined) return undefined;
  const [left, right] = [aligned.a, aligned.b];
  const { hint, collision } = joinHints(a.hint, b.hint);
  const histogram: FloatHistogram = {
    schema: left.schema,
    zeroThreshold: left.zeroThreshold,
    zeroCount: left.zeroCount + sign * right.zeroCount,
    count: left.count + sign * right.count,
    sum: left.sum + sign * right.sum,
    positive: mergeBuckets(left.positive, right.positive, sign),
    negative: mergeBuckets(left.negative, right.negative, sign),
    customBounds: left.customBounds,
    hint,
  };
  return { histogram, reconciled: aligned.reconciled, collision };
}

/** The hint of a sum: a gauge wins, then what is unknown; opposite hints collide. */
export function joinHints(
  a: CounterResetHint,
  b: CounterResetHint,
): { readonly hint: CounterResetHint; readonly collision: boolean } {
  if (a === b) return { hint: a, collision: false };
  if (a === "gauge" || b === "gauge") return { hint: "gauge", collision: false };
  return { hint: "unknown", collision: a !== "unknown" && b !== "unknown" };
}

function mergeBuckets(a: BucketCounts, b: BucketCounts, sign: 1 | -1): BucketCounts {
  const indices: number[] = [];
  const counts: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.indices.length || j < b.indices.length) {
    const left = a.indices[i] ?? Infinity;
    const right = b.indices[j] ?? Infinity;
    let count = 0;
    if (left <= right) count = a.counts[i++]!;
    if (right <= left) count += sign * b.counts[j++]!;
    indices.push(Math.min(left, right));
    counts.push(count);
  }
  return withoutZeros(indices, counts);
}

/** All counts and the sum times `factor`; a negative factor makes a gauge. */
export function scaleHistogram(h: FloatHistogram, factor: number): FloatHistogram {
  return mapCounts(h, (count) => count * factor, factor < 0 ? "gauge" : h.hint);
}

/** All counts and the sum divided by `divisor`. By zero no bucket but the zero bucket is left. */
export function divideHistogram(h: FloatHistogram, divisor: number): FloatHistogram {
  const divided = mapCounts(h, (count) => count / divisor, divisor < 0 ? "gauge" : h.hint);
  return divisor === 0 ? { ...divided, positive: noBuckets, negative: noBuckets } : divided;
}

function mapCounts(
  h: FloatHistogram,
  map: (count: number) => number,
  hint: CounterResetHint,
): FloatHistogram {
  const buckets = ({ indices, counts }: BucketCounts): BucketCounts =>
    withoutZeros(indices, counts.map(map));
  return {
    ...h,
    zeroCount: map(h.zeroCount),
    count: map(h.count),
    sum: map(h.sum),
    positive: buckets(h.positive),
    negative: buckets(h.negative),
    hint,
  };
}

/**
 * True when a counter was reset between `before` and `h`: by the hint of `h`, else because a
 * count fell or the layout changed in a way that loses observations.
 */
export function detectReset(h: FloatHistogram, before: FloatHistogram): boolean {
  if (h.hint === "reset") return true;
  if (h.hint === "not-reset") return false;
  if (h.count < before.count) return true;
  if (hasCustomBuckets(h) !== hasCustomBuckets(before)) return true;
  if (!hasCustomBuckets(h)) {
    if (h.schema > before.schema || h.zeroThreshold < before.zeroThreshold) return true;
  }
  const aligned = alignHistograms(h, before);
  if (aligned === undefined) return true;
  // A zero bucket that had to grow to the end of a bucket of `before` cuts that bucket.
  if (aligned.a.zeroThreshold !== h.zeroThreshold) return true;
  if (aligned.a.zeroCount < aligned.b.zeroCount) return true;
  return (
    hasFallen(aligned.a.positive, aligned.b.positive) ||
    hasFallen(aligned.a.negative, aligned.b.negative)
  );
}

function hasFallen(now: BucketCounts, before: BucketCounts): boolean {
  const counts = new Map(now.indices.map((index, i) => [index, now.counts[i] as number]));
  return before.indices.some((index, i) => (counts.get(index) ?? 0) < before.counts[i]!);
}

/** True when a count or the sum is infinite. */
export function hasOverflow(h: FloatHistogram): boolean {
  const isInfinite = (value: number): boolean => value === Infinity || value === -Infinity;
  return (
    [h.count, h.sum, h.zeroCount].some(isInfinite) ||
    allBuckets(h).some(({ count }) => isInfinite(count))
  );
}
