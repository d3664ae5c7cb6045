import { CounterResetHint, type NativeHistogram as Wire } from "../../gen/urd/query/v1/query_pb.ts";

/** A native histogram: how many observations fell into which range. */
export interface NativeHistogram {
  readonly count: number;
  readonly sum: number;
  /** Buckets with observations, from the lowest to the highest, the one around zero among them. */
  readonly buckets: readonly HistogramBucket[];
  /** What is known of the one before it: whether its counter was reset, or that it is a gauge. */
  readonly counterReset: "unknown" | "reset" | "not-reset" | "gauge";
  /** Resolution: exponential buckets grow by 2^(2^-schema); -53 has custom bounds. */
  readonly schema: number;
  /** Half the width of the bucket around zero. */
  readonly zeroThreshold: number;
}

/** A range of values with the observations in it. */
export interface HistogramBucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
}

const counterResets: Readonly<Record<CounterResetHint, NativeHistogram["counterReset"]>> = {
  [CounterResetHint.UNSPECIFIED]: "unknown",
  [CounterResetHint.RESET]: "reset",
  [CounterResetHint.NOT_RESET]: "not-reset",
  [CounterResetHint.GAUGE]: "gauge",
};

/** A histogram from its message. */
export function histogramOf(message: Wire): NativeHistogram {
  const { count, sum, schema, zeroThreshold, hint } = message;
  return {
    ...{ count, sum, schema, zeroThreshold },
    counterReset: counterResets[hint] ?? "unknown",
    buckets: schema === customSchema ? customBuckets(message) : exponentialBuckets(message),
  };
}

const customSchema = -53;

function customBuckets(message: Wire): HistogramBucket[] {
  const bounds = message.customBounds;
  return message.positiveIndices.map((index, i) => ({
    lower: index === 0 ? -Infinity : (bounds[index - 1] ?? Infinity),
    upper: bounds[index] ?? Infinity,
    count: message.positiveCounts[i] ?? 0,
    lowerInclusive: index === 0,
    upperInclusive: true,
  }));
}

/** What the bucket around zero covers is cut off from the buckets beside it. */
function exponentialBuckets(message: Wire): HistogramBucket[] {
  const { schema, zeroThreshold, zeroCount } = message;
  const nearBound = (index: number): number => {
    const bound = exponentialBound(index - 1, schema);
    return bound > 0 ? Math.max(bound, zeroThreshold) : bound;
  };
  const negative = message.negativeIndices.map((index, i) => ({
    lower: -exponentialBound(index, schema),
    upper: -nearBound(index),
    count: message.negativeCounts[i] ?? 0,
    ...{ lowerInclusive: true, upperInclusive: false },
  }));
  const positive = message.positiveIndices.map((index, i) => ({
    lower: nearBound(index),
    upper: exponentialBound(index, schema),
    count: message.positiveCounts[i] ?? 0,
    ...{ lowerInclusive: false, upperInclusive: true },
  }));
  const both = { lowerInclusive: true, upperInclusive: true };
  const zero = { lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount, ...both };
  return [...negative.reverse(), ...(zeroCount > 0 ? [zero] : []), ...positive];
}

/** Roots of 2, each the root of the one before, as Prometheus's bounds were made with. */
const roots = [
  1.414213562373095, 1.189207115002721, 1.0905077326652577, 1.0442737824274138, 1.0218971486541166,
  1.0108892860517005, 1.0054299011128027, 1.0027112750502025,
];

/** Bounds of schema 8 from 1 up to 2; those of coarser schemas are among them. */
const boundsToTwo = roots.reduce<readonly number[]>(
  (bounds, root) => bounds.flatMap((bound) => [bound, bound * root]),
  [1],
);

/** Upper bound of an exponential bucket, the same as in Prometheus to the last bit. */
export function exponentialBound(index: number, schema: number): number {
  const perDouble = 2 ** Math.max(0, schema);
  const whole = schema < 0 ? index * 2 ** -schema : Math.floor(index / perDouble);
  const part = schema < 0 ? 0 : (index - whole * perDouble) * 2 ** (roots.length - schema);
  const factor = boundsToTwo[part] ?? Number.NaN;
  if (whole === 1024 && factor === 1) return Number.MAX_VALUE;
  return whole < -1000 ? factor * 2 ** (whole + 200) * 2 ** -200 : factor * 2 ** whole;
}
