import {
  customBounds,
  headerGauge,
  headerNotReset,
  headerReset,
  headerUnknown,
  hintGauge,
  hintReset,
  histogramCount,
  histogramHeader,
  histogramHint,
  histogramKind,
  histogramSchema,
  histogramSum,
  histogramZeroCount,
  histogramZeroThreshold,
  isFloat,
  isStale,
  listOf,
  negativeBuckets,
  negativeSpans,
  positiveBuckets,
  positiveSpans,
} from "./histogram-record";
import { schemaCustom } from "./histogram-judge";

/** How two histograms stand to each other: equal, of one layout, or a counter and its reset. */

/** Whether two lists have the same entries, bit for bit. */
function sameList(a: usize, b: usize, list: usize): bool {
  const length = load<u32>(a + list);
  if (length != load<u32>(b + list)) return false;
  return memory.compare(listOf(a, list), listOf(b, list), (<usize>length) << 3) == 0;
}

/** Whether two histograms have the same buckets, in the same spans. */
function sameSpans(a: usize, b: usize): bool {
  return sameList(a, b, positiveSpans) && sameList(a, b, negativeSpans);
}

function sameBounds(a: usize, b: usize): bool {
  return load<i32>(a, histogramSchema) != schemaCustom || sameList(a, b, customBounds);
}

/** Whether two histograms say the same, but for time, start and hint. */
export function sameHistogram(a: usize, b: usize): bool {
  if (load<u8>(a, histogramKind) != load<u8>(b, histogramKind)) return false;
  if (isStale(a) || isStale(b)) return isStale(a) && isStale(b);
  return (
    load<u64>(a, histogramSum) == load<u64>(b, histogramSum) &&
    load<u64>(a, histogramCount) == load<u64>(b, histogramCount) &&
    load<u64>(a, histogramZeroCount) == load<u64>(b, histogramZeroCount) &&
    load<i32>(a, histogramSchema) == load<i32>(b, histogramSchema) &&
    sameThreshold(a, b) &&
    sameBounds(a, b) &&
    sameSpans(a, b) &&
    sameList(a, b, positiveBuckets) &&
    sameList(a, b, negativeBuckets)
  );
}

/** Equal numbers, both signs of zero too, or the same bits. */
function sameThreshold(a: usize, b: usize): bool {
  return (
    load<f64>(a, histogramZeroThreshold) == load<f64>(b, histogramZeroThreshold) ||
    load<u64>(a, histogramZeroThreshold) == load<u64>(b, histogramZeroThreshold)
  );
}

/** The next histogram goes into the open chunk. */
export const fitsChunk: u32 = 0xffffffff;

/** The header of a chunk whose first histogram has nothing comparable before it. */
export function headerOfFirst(next: usize): u32 {
  const hint = <u32>load<u8>(next, histogramHint);
  return hint == hintGauge ? headerGauge : hint == hintReset ? headerReset : headerUnknown;
}

/**
 * Whether a histogram may follow `last` (of the same kind) in its chunk, `fitsChunk`; or the
 * header of the chunk that must begin with it.
 */
export function followHeader(last: usize, next: usize): u32 {
  const wasGauge = <u32>load<u8>(last, histogramHeader) == headerGauge;
  if (<u32>load<u8>(next, histogramHint) == hintGauge) {
    return wasGauge && followsGauge(last, next) ? fitsChunk : headerGauge;
  }
  if (wasGauge) return headerOfFirst(next);
  if (<u32>load<u8>(next, histogramHint) == hintReset) return headerReset;
  if (isStale(next)) return fitsChunk;
  if (isStale(last)) return headerUnknown;
  if (isLess(next, last, histogramCount)) return headerReset;
  if (!sameScale(last, next)) return headerUnknown;
  if (!sameBounds(next, last) || isLess(next, last, histogramZeroCount)) return headerReset;
  const isReset =
    hasReset(last, next, positiveSpans, positiveBuckets) ||
    hasReset(last, next, negativeSpans, negativeBuckets);
  if (isReset) return headerReset;
  return sameSpans(last, next) ? fitsChunk : headerNotReset;
}

function followsGauge(last: usize, next: usize): bool {
  if (isStale(next)) return true;
  return !isStale(last) && sameScale(last, next) && sameBounds(next, last) && sameSpans(last, next);
}

function sameScale(a: usize, b: usize): bool {
  return (
    load<i32>(a, histogramSchema) == load<i32>(b, histogramSchema) &&
    load<f64>(a, histogramZeroThreshold) == load<f64>(b, histogramZeroThreshold)
  );
}

function isLess(a: usize, b: usize, field: usize): bool {
  if (isFloat(a)) return load<f64>(a + field) < load<f64>(b + field);
  return load<u64>(a + field) < load<u64>(b + field);
}

/** A walk over the buckets of one side: what `bucketNext` needs and what it found. */
const walkSpan: usize = 0;
const walkSpanEnd: usize = 4;
const walkLeft: usize = 8;
const walkBucket: usize = 12;
/** Index of the bucket, and of the one behind it before the walk begins. */
const walkIndex: usize = 16;
/** Its count: i64 or f64. */
const walkCount: usize = 24;
const walks: usize = memory.data(64, 8);

function bucketsBegin(walk: usize, record: usize, spans: usize, buckets: usize): void {
  const from = listOf(record, spans);
  store<u32>(walk, <u32>from, walkSpan);
  store<u32>(walk, <u32>from + (load<u32>(record + spans) << 3), walkSpanEnd);
  store<u32>(walk, 0, walkLeft);
  store<u32>(walk, <u32>listOf(record, buckets), walkBucket);
  store<i64>(walk, -1, walkIndex);
  store<u64>(walk, 0, walkCount);
}

/** Moves to the next bucket; false at the end. */
function bucketNext(walk: usize, isFloats: bool): bool {
  let index = load<i64>(walk, walkIndex);
  let left = load<u32>(walk, walkLeft);
  let span: usize = load<u32>(walk, walkSpan);
  const spanEnd: usize = load<u32>(walk, walkSpanEnd);
  while (left == 0) {
    if (span == spanEnd) return false;
    index += <i64>load<i32>(span);
    left = load<u32>(span, 4);
    span += 8;
  }
  const bucket: usize = load<u32>(walk, walkBucket);
  const value = load<i64>(bucket);
  store<i64>(walk, isFloats ? value : load<i64>(walk, walkCount) + value, walkCount);
  store<i64>(walk, index + 1, walkIndex);
  store<u32>(walk, left - 1, walkLeft);
  store<u32>(walk, <u32>span, walkSpan);
  store<u32>(walk, <u32>bucket + 8, walkBucket);
  return true;
}

/**
 * Whether a bucket of `last` has fewer observations in `next`, or had some and is not there:
 * the counter was reset.
 */
function hasReset(last: usize, next: usize, spans: usize, buckets: usize): bool {
  const isFloats = isFloat(last);
  const a = walks;
  const b = walks + 32;
  bucketsBegin(a, last, spans, buckets);
  bucketsBegin(b, next, spans, buckets);
  let more = bucketNext(b, isFloats);
  while (bucketNext(a, isFloats)) {
    const index = load<i64>(a, walkIndex);
    while (more && load<i64>(b, walkIndex) < index) more = bucketNext(b, isFloats);
    if (!more || load<i64>(b, walkIndex) > index) {
      if (isFloats ? load<f64>(a, walkCount) != 0 : load<i64>(a, walkCount) != 0) return true;
    } else if (
      isFloats
        ? load<f64>(b, walkCount) < load<f64>(a, walkCount)
        : load<i64>(b, walkCount) < load<i64>(a, walkCount)
    ) {
      return true;
    }
  }
  return false;
}
