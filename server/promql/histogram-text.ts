import { type FloatHistogram, hasCustomBuckets, positiveBounds } from "../model/index.ts";
import { formatGeneral } from "./go-format.ts";

/**
 * A histogram as Prometheus prints it: `{count:3, sum:4, [-1,-0.5):1, (0.5,1]:2}`, buckets from
 * the lowest to the highest.
 */
export function printHistogram(h: FloatHistogram): string {
  const parts = [`count:${formatGeneral(h.count)}`, `sum:${formatGeneral(h.sum)}`];
  for (let i = h.negative.indices.length - 1; i >= 0; i--) {
    const { lower, upper } = positiveBounds(h, h.negative.indices[i] as number);
    parts.push(`[${range(-upper, -lower)}):${formatGeneral(h.negative.counts[i] as number)}`);
  }
  if (h.zeroCount !== 0) {
    parts.push(`[${range(-h.zeroThreshold, h.zeroThreshold)}]:${formatGeneral(h.zeroCount)}`);
  }
  for (const [i, index] of h.positive.indices.entries()) {
    const { lower, upper } = positiveBounds(h, index);
    const opening = hasCustomBuckets(h) && index === 0 ? "[" : "(";
    parts.push(
      `${opening}${range(lower, upper)}]:${formatGeneral(h.positive.counts[i] as number)}`,
    );
  }
  return `{${parts.join(", ")}}`;
}

function range(lower: number, upper: number): string {
  return `${formatGeneral(lower)},${formatGeneral(upper)}`;
}
