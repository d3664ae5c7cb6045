import { putBits, putVarbitInt, putVarbitUint, putWide, putXor } from "./bits";
import {
  changesOf,
  customBounds,
  histogramBits,
  histogramCount,
  histogramCountChange,
  histogramHasStarts,
  histogramSchema,
  histogramStart,
  histogramSum,
  histogramSumWindow,
  histogramTime,
  histogramTimeChange,
  histogramZeroChange,
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
import { histogramUnitsMax } from "../layout";
import { spanAlloc, unitsOf } from "./memory";
import { putStart, startHeader } from "./start-times";

/**
 * Prometheus's histogram and float histogram chunks (tsdb/docs/format/chunks.md), bit for bit:
 * u16 sample count big-endian, flags byte, layout, samples. A sample is written into a scratch
 * first: how long it becomes is known only then.
 */

/** Bytes before the layout: count and flags. */
export const chunkHead: u32 = 3;
/** Bytes of a sample with a layout at most, per entry of its lists and besides. */
const entrySizeMax: u32 = 10;
const sampleSizeMax: u32 = 96;

/** Where samples are written. */
export let encoded: usize = 0;
/** State of start times of a chunk's first sample, which needs none. */
const startScratch: usize = memory.data(16, 8);
/** Bits written so far, those that were there at the beginning included. */
let at: u32 = 0;

/** Reserves the scratch; false when memory is out. */
export function encodeStart(): bool {
  encoded = spanAlloc(unitsOf(encodedSizeMax(histogramUnitsMax + 16)));
  return encoded != 0;
}

/** Bytes that a histogram with so many entries takes in a chunk at most. */
export function encodedSizeMax(units: u32): u32 {
  return sampleSizeMax + units * entrySizeMax;
}

/**
 * Writes a chunk of one sample; returns its bits. Staleness markers must be empty. In the form
 * with start times the flags stand above the count, and byte 2 tells of starts.
 */
export function encodeFirst(record: usize, header: u32, hasStarts: bool): u32 {
  store<u16>(encoded, hasStarts ? <u16>header : 0);
  store<u8>(encoded, hasStarts ? 0 : header, 2);
  at = chunkHead << 3;
  writeLayout(record);
  at = putVarbitInt(encoded, at, load<i64>(record, histogramTime));
  if (isFloat(record)) {
    at = putWide(encoded, at, load<u64>(record, histogramCount), 64);
    at = putWide(encoded, at, load<u64>(record, histogramZeroCount), 64);
  } else {
    at = putVarbitUint(encoded, at, load<u64>(record, histogramCount));
    at = putVarbitUint(encoded, at, load<u64>(record, histogramZeroCount));
  }
  at = putWide(encoded, at, load<u64>(record, histogramSum), 64);
  writeBuckets(record, positiveBuckets);
  writeBuckets(record, negativeBuckets);
  if (!hasStarts) return at;
  const start = load<i64>(record, histogramStart);
  at = putStart(startScratch, encoded, at, 0, 0, load<i64>(record, histogramTime), start);
  store<u8>(encoded, startHeader, 2);
  return at;
}

function writeBuckets(record: usize, list: usize): void {
  const isFloats = isFloat(record);
  const end = listOf(record, list) + (load<u32>(record + list) << 3);
  for (let bucket = listOf(record, list); bucket < end; bucket += 8) {
    if (isFloats) at = putWide(encoded, at, load<u64>(bucket), 64);
    else at = putVarbitInt(encoded, at, load<i64>(bucket));
  }
}

function writeLayout(record: usize): void {
  writeZeroThreshold(load<f64>(record, histogramZeroThreshold));
  at = putVarbitInt(encoded, at, <i64>load<i32>(record, histogramSchema));
  writeSpans(record, positiveSpans);
  writeSpans(record, negativeSpans);
  if (load<i32>(record, histogramSchema) != schemaCustom) return;
  const bounds = load<u32>(record, customBounds);
  at = putVarbitUint(encoded, at, <u64>bounds);
  for (let i: u32 = 0; i < bounds; i++) {
    writeBound(load<f64>(listOf(record, customBounds) + (i << 3)));
  }
}

/** One byte for zero and powers of two from 2^-243 to 2^10; nine for anything else. */
function writeZeroThreshold(threshold: f64): void {
  const bits = reinterpret<u64>(threshold);
  const power = <i32>(bits >> 52) - 1022;
  let short: i32 = 255;
  if (threshold == 0) short = 0;
  else if ((bits & 0xfffffffffffff) == 0 && power >= -242 && power <= 11) short = power + 243;
  putBits(encoded, at, <u64>short, 8);
  at += 8;
  if (short == 255) at = putWide(encoded, at, bits, 64);
}

function writeSpans(record: usize, list: usize): void {
  const length = load<u32>(record + list);
  at = putVarbitUint(encoded, at, <u64>length);
  for (let i: u32 = 0; i < length; i++) {
    const span = listOf(record, list) + (i << 3);
    at = putVarbitUint(encoded, at, <u64>load<u32>(span, 4));
    at = putVarbitInt(encoded, at, <i64>load<i32>(span));
  }
}

/** Bounds that are whole thousandths up to 33554.43 take up to four bytes, others 65 bits. */
function writeBound(bound: f64): void {
  const scaled = bound * 1000;
  if (scaled >= 0 && scaled <= 33554430) {
    const whole = floor<f64>(scaled + 0.5);
    if (whole / 1000 == bound) {
      at = putVarbitUint(encoded, at, <u64>whole + 1);
      return;
    }
  }
  putBits(encoded, at, 0, 1);
  at = putWide(encoded, at + 1, reinterpret<u64>(bound), 64);
}

/**
 * Writes the sample that follows `last` in its chunk, and moves what changed into `last`; the
 * layout must be the same. `head` is the byte that the chunk's bits end in. Returns the bits of
 * the scratch that count, those of `head` included. In the form with start times the sample has
 * number `index` in its chunk, whose header of them is `starts`; `startHeader` is the new one.
 */
export function encodeNext(last: usize, record: usize, head: u8, index: u32, starts: u32): u32 {
  store<u8>(encoded, head);
  const before = load<i64>(last, histogramTime);
  at = load<u32>(last, histogramBits) & 7;
  const time = load<i64>(record, histogramTime);
  const change = time - before;
  at = putVarbitInt(encoded, at, change - load<i64>(last, histogramTimeChange));
  store<i64>(last, change, histogramTimeChange);
  store<i64>(last, time, histogramTime);
  if (isFloat(record)) encodeFloats(last, record);
  else encodeIntegers(last, record);
  if (load<u8>(last, histogramHasStarts) == 0) return at;
  const start = load<i64>(record, histogramStart);
  at = putStart(last + histogramStart, encoded, at, starts, index, before, start);
  return at;
}

function encodeIntegers(last: usize, record: usize): void {
  if (isStale(record)) {
    putBits(encoded, at, 0, 2);
    at += 2;
    moveSum(last, record);
    return;
  }
  moveInteger(last, record, histogramCount, histogramCountChange);
  moveInteger(last, record, histogramZeroCount, histogramZeroChange);
  moveSum(last, record);
  moveDeltas(last, record, positiveBuckets);
  moveDeltas(last, record, negativeBuckets);
}

function moveInteger(last: usize, record: usize, field: usize, changeField: usize): void {
  const value = load<i64>(record + field);
  const change = value - load<i64>(last + field);
  at = putVarbitInt(encoded, at, change - load<i64>(last + changeField));
  store<i64>(last + field, value);
  store<i64>(last + changeField, change);
}

function moveSum(last: usize, record: usize): void {
  moveFloat(last + histogramSumWindow, last + histogramSum, load<u64>(record, histogramSum));
}

function moveDeltas(last: usize, record: usize, list: usize): void {
  const size = (<usize>load<u32>(record + list)) << 3;
  const from = listOf(record, list);
  const to = listOf(last, list);
  const changes = changesOf(last, list);
  for (let i: usize = 0; i < size; i += 8) {
    const value = load<i64>(from + i);
    const change = value - load<i64>(to + i);
    at = putVarbitInt(encoded, at, change - load<i64>(changes + i));
    store<i64>(to + i, value);
    store<i64>(changes + i, change);
  }
}

/** Writes a float behind the one at `place`, which it becomes. */
function moveFloat(window: usize, place: usize, bits: u64): void {
  at = putXor(window, encoded, at, bits ^ load<u64>(place));
  store<u64>(place, bits);
}

function encodeFloats(last: usize, record: usize): void {
  moveFloat(last + histogramCountChange, last + histogramCount, load<u64>(record, histogramCount));
  const zeroCount = load<u64>(record, histogramZeroCount);
  moveFloat(last + histogramZeroChange, last + histogramZeroCount, zeroCount);
  moveSum(last, record);
  if (isStale(record)) return;
  moveCounts(last, record, positiveBuckets);
  moveCounts(last, record, negativeBuckets);
}

function moveCounts(last: usize, record: usize, list: usize): void {
  const size = (<usize>load<u32>(record + list)) << 3;
  const from = listOf(record, list);
  const to = listOf(last, list);
  const windows = changesOf(last, list);
  for (let i: usize = 0; i < size; i += 8) moveFloat(windows + i, to + i, load<u64>(from + i));
}

/** Opens the XOR windows of a record whose chunk begins. */
export function windowsOpen(last: usize): void {
  store<u8>(last, 0xff, histogramSumWindow);
  if (!isFloat(last)) return;
  store<u8>(last, 0xff, histogramCountChange);
  store<u8>(last, 0xff, histogramZeroChange);
  const changes = changesOf(last, positiveBuckets);
  const buckets = load<u32>(last, positiveBuckets) + load<u32>(last, negativeBuckets);
  for (let i: u32 = 0; i < buckets; i++) store<u8>(changes + (i << 3), 0xff);
}
