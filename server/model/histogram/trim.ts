import { type Bucket, positiveBounds } from "./buckets.ts";
import {
  type BucketCounts,
  type FloatHistogram,
  hasCustomBuckets,
  noBuckets,
  withoutZeros,
} from "./float-histogram.ts";
import { fractionBelow } from "./statistics.ts";

/** Which observations stay: those at most as large as the limit, or at least as large. */
export type TrimSide = "below" | "above";

interface Piece {
  readonly count: number;
  readonly sum: number;
}

const nothing: Piece = { count: 0, sum: 0 };

/**
 * The observations on one side of `limit`. Buckets that the limit cuts are interpolated, and the
 * sum is estimated from the middles of what is left. Returns `h` when nothing is cut off.
 */
export function trimHistogram(h: FloatHistogram, limit: number, side: TrimSide): FloatHistogram {
  if (limit === (side === "below" ? Infinity : -Infinity)) return h;
  if (limit === (side === "below" ? -Infinity : Infinity)) return withoutObservations(h);
  const custom = hasCustomBuckets(h);
  let [count, sum, cut] = [0, 0, false];
  const keep = (bucket: Bucket, linear = custom): number => {
    const piece = pieceOf(bucket, { limit, side, linear });
    if (piece.count !== bucket.count) cut = true;
    count += piece.count;
    sum += piece.sum;
    return piece.count;
  };
  const keepAll = ({ indices, counts }: BucketCounts, sign: 1 | -1): BucketCounts =>
    withoutZeros(
      indices,
      indices.map((index, i) => {
        const { lower, upper } = positiveBounds(h, index);
        const [low, high] = sign === 1 ? [lower, upper] : [-upper, -lower];
        return keep({ lower: low, upper: high, count: counts[i] as number });
      }),
    );
  const negative = keepAll(h.negative, -1);
  const zeroCount = h.zeroCount === 0 ? 0 : keep(zeroBucket(h), true);
  const positive = keepAll(h.positive, 1);
  if (!cut) return h;
  return { ...h, negative, zeroCount, positive, count, sum };
}

function withoutObservations(h: FloatHistogram): FloatHistogram {
  return { ...h, count: 0, sum: 0, zeroCount: 0, positive: noBuckets, negative: noBuckets };
}

function zeroBucket({ zeroThreshold, zeroCount, positive, negative }: FloatHistogram): Bucket {
  const [below, above] = [negative.indices.length > 0, positive.indices.length > 0];
  return {
    lower: above && !below ? 0 : -zeroThreshold,
    upper: below && !above ? 0 : zeroThreshold,
    count: zeroCount,
  };
}

interface Trim {
  readonly limit: number;
  readonly side: TrimSide;
  readonly linear: boolean;
}

function pieceOf(bucket: Bucket, trim: Trim): Piece {
  const { lower, upper, count } = bucket;
  const { limit, side, linear } = trim;
  if (lower === -Infinity && upper === Infinity) return nothing;
  if (upper === Infinity && linear) {
    return side === "below" ? nothing : { count, sum: count * Math.max(lower, limit) };
  }
  if (lower === -Infinity) return firstPiece(bucket, trim);
  if (side === "below" ? upper <= limit : lower >= limit) {
    return { count, sum: count * middle(lower, upper, linear) };
  }
  if (side === "below" ? lower >= limit : upper <= limit) return nothing;
  const below = count * fractionBelow(bucket, limit, linear);
  return side === "below"
    ? { count: below, sum: below * middle(lower, limit, linear) }
    : { count: count - below, sum: (count - below) * middle(limit, upper, linear) };
}

/** Of the bucket without a lower bound: it begins at 0 when it ends above, and else nowhere. */
function firstPiece({ upper, count }: Bucket, trim: Trim): Piece {
  const { limit, side } = trim;
  if (upper <= 0) {
    return side === "below" ? { count, sum: count * Math.min(upper, limit) } : nothing;
  }
  if (side === "above" && limit < 0) return nothing;
  return pieceOf({ lower: 0, upper, count }, trim);
}

function middle(lower: number, upper: number, linear: boolean): number {
  if (linear || (lower <= 0 && upper >= 0)) return (lower + upper) / 2;
  const value = Math.sqrt(lower * upper);
  return upper < 0 ? -value : value;
}
