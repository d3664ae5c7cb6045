import { type FloatHistogram, hasCustomBuckets, positiveBounds } from "../../model/index.ts";
import { floatSizeBytesMax, writeAscii, writeFloat } from "./float-text.ts";
import { type PieceBuffer, reserve } from "./piece-buffer.ts";

/** Which bounds belong to a bucket, by Prometheus's numbers. */
const rules = { upper: 0, lower: 1, both: 3 } as const;

/** Room for `[0,"lower","upper","count"],`. */
const bucketSizeBytesMax = 3 * floatSizeBytesMax + 16;
/** Room for everything before the buckets. */
const headSizeBytesMax = 2 * floatSizeBytesMax + 48;

interface PrintedBucket {
  readonly rule: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/**
 * Writes a native histogram as Prometheus's API prints it:
 * `{"count":"3","sum":"1.5","buckets":[[0,"1","2","3"],…]}`, buckets from the lowest to the
 * highest, the list left out when it is empty.
 */
export function writeHistogram(buffer: PieceBuffer, h: FloatHistogram): void {
  reserve(buffer, headSizeBytesMax);
  ascii(buffer, '{"count":"');
  float(buffer, h.count);
  ascii(buffer, '","sum":"');
  float(buffer, h.sum);
  ascii(buffer, '"');
  let isFirst = true;
  for (const bucket of printedBuckets(h)) {
    reserve(buffer, bucketSizeBytesMax);
    ascii(buffer, isFirst ? ',"buckets":[' : ",");
    isFirst = false;
    ascii(buffer, `[${bucket.rule},"`);
    float(buffer, bucket.lower);
    ascii(buffer, '","');
    float(buffer, bucket.upper);
    ascii(buffer, '","');
    float(buffer, bucket.count);
    ascii(buffer, '"]');
  }
  reserve(buffer, 2);
  ascii(buffer, isFirst ? "}" : "]}");
}

function ascii(buffer: PieceBuffer, text: string): void {
  buffer.length = writeAscii(buffer.bytes, buffer.length, text);
}

function float(buffer: PieceBuffer, value: number): void {
  buffer.length = writeFloat(buffer.bytes, buffer.length, value);
}

/**
 * All populated buckets; what the zero bucket covers is cut off from the ones beside it. Of
 * exponential buckets the bound that is farther from zero belongs to the bucket, of custom ones the
 * upper one, and of the first both.
 */
function* printedBuckets(h: FloatHistogram): Generator<PrintedBucket> {
  const { negative, positive, zeroThreshold, zeroCount } = h;
  const clipped = (bound: number): number => (bound > 0 ? Math.max(bound, zeroThreshold) : bound);
  for (let i = negative.indices.length - 1; i >= 0; i--) {
    const { lower, upper } = positiveBounds(h, negative.indices[i]!);
    const count = negative.counts[i]!;
    yield { rule: rules.lower, lower: -upper, upper: -clipped(lower), count };
  }
  if (zeroCount > 0) {
    yield { rule: rules.both, lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount };
  }
  for (let i = 0; i < positive.indices.length; i++) {
    const index = positive.indices[i]!;
    const { lower, upper } = positiveBounds(h, index);
    const rule = hasCustomBuckets(h) && index === 0 ? rules.both : rules.upper;
    yield { rule, lower: clipped(lower), upper, count: positive.counts[i]! };
  }
}
