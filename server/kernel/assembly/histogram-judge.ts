import {
  histogramUnitsMax,
  refusedBuckets,
  refusedCountMismatch,
  refusedCountNotBigEnough,
  refusedCustomBuckets,
  refusedCustomInfinite,
  refusedCustomInvalid,
  refusedCustomMismatch,
  refusedNegativeBucket,
  refusedSchema,
  refusedSpanOffset,
  refusedSpansBuckets,
} from "../layout";
import {
  bucketsOf,
  customBounds,
  histogramCount,
  histogramSchema,
  histogramSum,
  histogramUnits,
  histogramZeroCount,
  histogramZeroThreshold,
  isFloat,
  listOf,
  negativeBuckets,
  negativeSpans,
  positiveBuckets,
  positiveSpans,
} from "./histogram-record";

/** What a histogram must be to be stored: Prometheus's rules, and the tenant's bound of buckets. */

const schemaMin: i32 = -4;
const schemaMax: i32 = 8;
/** Schema of histograms with bounds of their own. */
export const schemaCustom: i32 = -53;

/** Observations in the buckets that were looked at, as u64. */
let observations: u64 = 0;

/** Why a histogram in a scratch is refused, or 0. `bucketsMax` is 0 for no bound. */
export function judgeHistogram(record: usize, bucketsMax: u32): u32 {
  const schema = load<i32>(record, histogramSchema);
  const isCustom = schema == schemaCustom;
  if (!isCustom && (schema < schemaMin || schema > schemaMax)) return refusedSchema;
  if (bucketsMax != 0 && bucketsOf(record) > <u64>bucketsMax) {
    return isCustom ? refusedCustomBuckets : refusedBuckets;
  }
  if (histogramUnits(record) > <u64>histogramUnitsMax) {
    return isCustom ? refusedCustomBuckets : refusedBuckets;
  }
  const refusal = isCustom ? judgeCustom(record) : judgeExponential(record);
  return refusal != 0 ? refusal : judgeCounts(record);
}

function judgeExponential(record: usize): u32 {
  const refusal = judgeSpans(record, positiveSpans, positiveBuckets);
  if (refusal != 0) return refusal;
  if (load<u32>(record, customBounds) != 0) return refusedCustomInvalid;
  return judgeSpans(record, negativeSpans, negativeBuckets);
}

function judgeSpans(record: usize, spans: usize, buckets: usize): u32 {
  const length = load<u32>(record + spans);
  let needed: u64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    const span = listOf(record, spans) + (i << 3);
    if (i != 0 && load<i32>(span) < 0) return refusedSpanOffset;
    needed += <u64>load<u32>(span, 4);
  }
  return needed == <u64>load<u32>(record + buckets) ? 0 : refusedSpansBuckets;
}

function judgeCustom(record: usize): u32 {
  const bounds = load<u32>(record, customBounds);
  let before = -Infinity;
  for (let i: u32 = 0; i < bounds; i++) {
    const bound = load<f64>(listOf(record, customBounds) + (i << 3));
    if (!(bound > before)) return refusedCustomInvalid;
    before = bound;
  }
  if (before == Infinity) return refusedCustomInfinite;
  const spans = load<u32>(record, positiveSpans);
  let covered: u64 = 0;
  for (let i: u32 = 0; i < spans; i++) {
    const span = listOf(record, positiveSpans) + (i << 3);
    if (load<i32>(span) < 0) return refusedSpanOffset;
    covered += <u64>load<u32>(span, 4) + <u64>load<i32>(span);
  }
  const refusal = judgeSpans(record, positiveSpans, positiveBuckets);
  if (refusal != 0) return refusal;
  if (<u64>bounds + 1 < covered) return refusedCustomMismatch;
  const zeroCount = load<u64>(record, histogramZeroCount);
  const hasZero = isFloat(record) ? reinterpret<f64>(zeroCount) != 0 : zeroCount != 0;
  const hasNegative =
    load<u32>(record, negativeSpans) != 0 || load<u32>(record, negativeBuckets) != 0;
  const isOdd = hasZero || hasNegative || load<f64>(record, histogramZeroThreshold) != 0;
  return isOdd ? refusedCustomInvalid : 0;
}

function judgeCounts(record: usize): u32 {
  if (isFloat(record)) return judgeFloatCounts(record);
  observations = load<u64>(record, histogramZeroCount);
  if (!addBuckets(record, negativeBuckets) || !addBuckets(record, positiveBuckets)) {
    return refusedNegativeBucket;
  }
  const count = load<u64>(record, histogramCount);
  // Observations of NaN count, but fall into no bucket.
  if (isNaN(load<f64>(record, histogramSum))) {
    return observations > count ? refusedCountNotBigEnough : 0;
  }
  return observations == count ? 0 : refusedCountMismatch;
}

/** Adds the counts of integer buckets; false when one is negative. */
function addBuckets(record: usize, list: usize): bool {
  const length = load<u32>(record + list);
  let count: i64 = 0;
  for (let i: u32 = 0; i < length; i++) {
    count += load<i64>(listOf(record, list) + (i << 3));
    if (count < 0) return false;
    observations += <u64>count;
  }
  return true;
}

/** Sums of floats are inexact, so the count is not compared with them. */
function judgeFloatCounts(record: usize): u32 {
  const isNegative =
    load<f64>(record, histogramCount) < 0 ||
    load<f64>(record, histogramZeroCount) < 0 ||
    hasNegative(record, negativeBuckets) ||
    hasNegative(record, positiveBuckets);
  return isNegative ? refusedNegativeBucket : 0;
}

function hasNegative(record: usize, list: usize): bool {
  const length = load<u32>(record + list);
  for (let i: u32 = 0; i < length; i++) {
    if (load<f64>(listOf(record, list) + (i << 3)) < 0) return true;
  }
  return false;
}
