/** Cumulative buckets of one histogram at one step, sorted by upper bound. */
export interface Buckets {
  /** Upper bounds; `count` of them. */
  readonly bounds: Float64Array;
  /** Observations at or below the bound. Corrected in place. */
  readonly counts: Float64Array;
  count: number;
}

/** How a quantile had to be found. */
export interface BucketQuantile {
  readonly value: number;
  /** What was changed so that counts never fall; undefined when nothing was. */
  readonly fix: CountFix | undefined;
}

/** Buckets whose counts were raised. */
export interface CountFix {
  readonly bucketMin: number;
  readonly bucketMax: number;
  readonly differenceMax: number;
}

/** Differences up to this part of the counts come from float arithmetic. */
const smallDifference = 1e-12;

/**
 * The quantile of a classic histogram, with a straight line inside the bucket it falls into.
 * The lowest bucket begins at zero when its bound is above zero. `buckets` must not be empty.
 */
export function bucketQuantile(quantile: number, buckets: Buckets): BucketQuantile {
  if (Number.isNaN(quantile)) return { value: Number.NaN, fix: undefined };
  if (quantile < 0) return { value: -Infinity, fix: undefined };
  if (quantile > 1) return { value: Infinity, fix: undefined };
  if (buckets.bounds[buckets.count - 1] !== Infinity) return { value: Number.NaN, fix: undefined };
  joinEqualBounds(buckets);
  const fix = raiseFallingCounts(buckets);
  const { bounds, counts, count } = buckets;
  const observations = counts[count - 1]!;
  if (count < 2 || observations === 0) return { value: Number.NaN, fix: undefined };
  return { value: interpolate(quantile * observations, { bounds, counts, count }), fix };
}

function interpolate(rank: number, { bounds, counts, count }: Buckets): number {
  let found = 0;
  while (found < count - 1 && !(counts[found]! >= rank)) found++;
  if (found === count - 1) return bounds[count - 2]!;
  const end = bounds[found]!;
  if (found === 0 && end <= 0) return end;
  const start = found === 0 ? 0 : bounds[found - 1]!;
  const below = found === 0 ? 0 : counts[found - 1]!;
  return start + (end - start) * ((rank - below) / (counts[found]! - below));
}

/** The part of all observations that lies between two values; same assumptions as above. */
export function bucketFraction(lower: number, upper: number, buckets: Buckets): number {
  if (buckets.bounds[buckets.count - 1] !== Infinity) return Number.NaN;
  joinEqualBounds(buckets);
  const { counts, count } = buckets;
  const observations = counts[count - 1]!;
  if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / observations;
}

/** Observations below a value. */
function rankOf(value: number, { bounds, counts, count }: Buckets): number {
  const observations = counts[count - 1]!;
  let rank = 0;
  for (let i = 0; i < count; i++) {
    const upper = bounds[i]!;
    const lower = i > 0 ? bounds[i - 1]! : upper > 0 ? 0 : -Infinity;
    if (lower >= value) return Math.min(rank, observations);
    if (upper > value) {
      const within =
        lower === -Infinity
          ? counts[i]!
          : rank + ((counts[i]! - rank) * (value - lower)) / (upper - lower);
      return Math.min(within, observations);
    }
    rank = counts[i]!;
  }
  return observations;
}

/** Adds up buckets whose bounds are written differently but are the same number. */
function joinEqualBounds(buckets: Buckets): void {
  const { bounds, counts } = buckets;
  let last = 0;
  for (let i = 1; i < buckets.count; i++) {
    if (bounds[i] === bounds[last]) {
      counts[last]! += counts[i]!;
      continue;
    }
    last++;
    bounds[last] = bounds[i]!;
    counts[last] = counts[i]!;
  }
  buckets.count = last + 1;
}

/** Makes counts rise or stay; tiny differences are ignored in either direction, silently. */
function raiseFallingCounts({ bounds, counts, count }: Buckets): CountFix | undefined {
  let fix: CountFix | undefined;
  let before = counts[0]!;
  for (let i = 1; i < count; i++) {
    const current = counts[i]!;
    if (current === before) continue;
    if (isAlmostEqual(before, current)) {
      counts[i] = before;
    } else if (current < before) {
      counts[i] = before;
      fix = {
        bucketMin: Math.min(fix?.bucketMin ?? Infinity, bounds[i]!),
        bucketMax: Math.max(fix?.bucketMax ?? -Infinity, bounds[i]!),
        differenceMax: Math.max(fix?.differenceMax ?? 0, before - current),
      };
    } else {
      before = current;
    }
  }
  return fix;
}

function isAlmostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  const smallestNormal = 2 ** -1022;
  if (a === 0 || b === 0 || sum < smallestNormal) {
    return difference < smallDifference * smallestNormal;
  }
  return difference / Math.min(sum, Number.MAX_VALUE) < smallDifference;
}
