import { encodingToStarts, histogramUnitsMax } from "../layout";
import { peek, varbitBits, varbitInt, varbitUint } from "./bits";
import { chunkHead, windowsOpen } from "./histogram-encode";
import { schemaCustom } from "./histogram-judge";
import {
  bucketsOf,
  changesOf,
  customBounds,
  histogramClear,
  histogramCount,
  histogramCountChange,
  headerGauge,
  histogramFirstTime,
  histogramHasStarts,
  histogramHeader,
  histogramBits,
  histogramKind,
  histogramSchema,
  histogramStart,
  histogramSum,
  histogramSumWindow,
  histogramTime,
  histogramTimeChange,
  histogramUnits,
  histogramZeroChange,
  histogramZeroCount,
  histogramZeroThreshold,
  isFloat,
  isStale,
  listOf,
  listPush,
  negativeBuckets,
  negativeSpans,
  positiveBuckets,
  positiveSpans,
} from "./histogram-record";
import { startChangeMax, startDistance, startLast } from "./start-times";

/**
 * Histogram chunks read back: to compare a sample with one that is held, and to find the state in
 * which a chunk of a snapshot goes on. Bytes of a snapshot are not trusted: what makes no sense
 * ends the reading, and nothing is read further than a few bytes behind the end.
 */

let chunk: usize = 0;
let at: u32 = 0;
let end: u32 = 0;
let broken: bool = false;
/** Header of start times, and number of the sample that was read last. */
let startsHeader: u32 = 0;
let index: u32 = 0;

/** Samples that a chunk of an encoding says it has. */
export function chunkSamples(bytes: usize, kind: u32): u32 {
  const word = <u32>bswap<u16>(load<u16>(bytes));
  return kind > <u32>encodingToStarts + 1 ? word & 0x3fff : word;
}

/**
 * Decodes into a scratch up to the first sample that is not older than `until`, or to the last
 * one; `bits` is what the chunk has. False when the bytes are no such chunk. The scratch is then
 * what a series' record would be behind that sample.
 */
export function decodeHistogram(
  into: usize,
  bytes: usize,
  bits: u32,
  samples: u32,
  kind: u32,
  until: i64,
): bool {
  if (!decodeBegin(into, bytes, bits, samples, kind)) return false;
  for (let i: u32 = 1; i < samples; i++) {
    if (load<i64>(into, histogramTime) >= until) break;
    if (!decodeNext(into)) return false;
  }
  store<u32>(into, at, histogramBits);
  return true;
}

/** Begins to decode a chunk with its first sample; `decodeNext` gives the others. */
export function decodeBegin(into: usize, bytes: usize, bits: u32, samples: u32, kind: u32): bool {
  histogramClear(into);
  const hasStarts = kind > <u32>encodingToStarts + 1;
  store<u8>(into, hasStarts ? kind - encodingToStarts : kind, histogramKind);
  store<u8>(into, hasStarts ? 1 : 0, histogramHasStarts);
  startsHeader = hasStarts ? <u32>load<u8>(bytes, 2) : 0;
  index = 0;
  chunk = bytes;
  at = chunkHead << 3;
  end = bits;
  broken = bits < at;
  if (broken || samples == 0) return false;
  const flags = hasStarts ? load<u8>(bytes) : load<u8>(bytes, 2);
  store<u8>(into, flags & <u8>headerGauge, histogramHeader);
  if (!readLayout(into)) return false;
  readFirst(into);
  store<i64>(into, load<i64>(into, histogramTime), histogramFirstTime);
  if ((startsHeader & 0x80) != 0) readFirstStart(into);
  return !broken && at <= end;
}

/** Decodes the next sample over the former one; false when there is none that makes sense. */
export function decodeNext(into: usize): bool {
  const before = load<i64>(into, histogramTime);
  readNext(into);
  index++;
  const changeOn = startsHeader & startChangeMax;
  if (changeOn != 0 && index >= changeOn) readStart(into, before, index == changeOn);
  return !broken && at <= end;
}

/** The start of the first sample: its distance as a varint of Go. */
function readFirstStart(into: usize): void {
  let zigzag: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    const byte = take(8);
    zigzag |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const distance = <i64>(zigzag >> 1) ^ -(<i64>zigzag & 1);
  store<i64>(into, load<i64>(into, histogramTime) - distance, histogramStart + startLast);
}

function readStart(into: usize, before: i64, isFirst: bool): void {
  const place = into + histogramStart + startDistance;
  const distance = isFirst ? takeInt() : load<i64>(place) + takeInt();
  store<i64>(place, distance);
  store<i64>(into, before - distance, histogramStart + startLast);
}

function take(count: u32): u64 {
  if (at > end) return 0;
  const value = peek(chunk, at) >> <u64>(64 - count);
  at += count;
  return value;
}

function takeUint(): u64 {
  if (at > end) return 0;
  const word = peek(chunk, at);
  const value = varbitUint(chunk, at, word);
  at += varbitBits(word);
  return value;
}

function takeInt(): i64 {
  if (at > end) return 0;
  const word = peek(chunk, at);
  const value = varbitInt(chunk, at, word);
  at += varbitBits(word);
  return value;
}

/** Reads a change of a float by its window and applies it. */
function takeXor(window: usize, place: usize): void {
  if (take(1) == 0) return;
  if (take(1) != 0) {
    const leading = <u32>take(5);
    const significant = <u32>take(6);
    const trailing = 64 - leading - (significant == 0 ? 64 : significant);
    if (<i32>trailing < 0) broken = true;
    store<u8>(window, leading);
    store<u8>(window, trailing, 1);
  }
  const leading = <u32>load<u8>(window);
  const trailing = <u32>load<u8>(window, 1);
  if (broken || leading + trailing >= 64) {
    broken = true;
    return;
  }
  store<u64>(place, load<u64>(place) ^ (take(64 - leading - trailing) << (<u64>trailing)));
}

function readLayout(into: usize): bool {
  const short = <u32>take(8);
  if (short == 255) store<u64>(into, take(64), histogramZeroThreshold);
  else if (short != 0) {
    store<u64>(into, (<u64>(<i32>short - 243 + 1022)) << 52, histogramZeroThreshold);
  }
  store<i32>(into, <i32>takeInt(), histogramSchema);
  if (!readSpans(into, positiveSpans, positiveBuckets)) return false;
  if (!readSpans(into, negativeSpans, negativeBuckets)) return false;
  const bounds = load<i32>(into, histogramSchema) == schemaCustom ? takeUint() : 0;
  if (bounds > <u64>histogramUnitsMax) return false;
  for (let i: u64 = 0; i < bounds && at <= end; i++) {
    const scaled = takeUint();
    const bits = scaled == 0 ? take(64) : reinterpret<u64>(<f64>(scaled - 1) / 1000);
    listPush(into, customBounds, bits);
  }
  if (at > end || histogramUnits(into) > <u64>histogramUnitsMax) return false;
  memory.fill(changesOf(into, positiveBuckets), 0, (<usize>bucketsOf(into)) << 3);
  windowsOpen(into);
  return true;
}

/** Reads spans and notes how many buckets they need. */
function readSpans(into: usize, spans: usize, buckets: usize): bool {
  const length = takeUint();
  if (length > <u64>histogramUnitsMax) return false;
  let needed: u64 = 0;
  for (let i: u64 = 0; i < length && at <= end; i++) {
    const size = takeUint();
    const offset = <u32>takeInt();
    needed += size;
    if (size > <u64>histogramUnitsMax || needed > <u64>histogramUnitsMax) return false;
    listPush(into, spans, (size << 32) | <u64>offset);
  }
  store<u32>(into + buckets, <u32>needed);
  return true;
}

function readFirst(into: usize): void {
  const isFloats = isFloat(into);
  store<i64>(into, takeInt(), histogramTime);
  store<u64>(into, isFloats ? take(64) : takeUint(), histogramCount);
  store<u64>(into, isFloats ? take(64) : takeUint(), histogramZeroCount);
  store<u64>(into, take(64), histogramSum);
  readBuckets(into, positiveBuckets);
  readBuckets(into, negativeBuckets);
}

function readBuckets(into: usize, list: usize): void {
  const isFloats = isFloat(into);
  const length = load<u32>(into + list);
  for (let i: u32 = 0; i < length; i++) {
    store<u64>(listOf(into, list) + (i << 3), isFloats ? take(64) : <u64>takeInt());
  }
}

function readNext(into: usize): void {
  addChange(into + histogramTime, into + histogramTimeChange);
  if (isFloat(into)) {
    takeXor(into + histogramCountChange, into + histogramCount);
    takeXor(into + histogramZeroChange, into + histogramZeroCount);
  } else {
    addChange(into + histogramCount, into + histogramCountChange);
    addChange(into + histogramZeroCount, into + histogramZeroChange);
  }
  takeXor(into + histogramSumWindow, into + histogramSum);
  if (isStale(into)) return;
  nextBuckets(into, positiveBuckets);
  nextBuckets(into, negativeBuckets);
}

function addChange(place: usize, change: usize): void {
  const delta = load<i64>(change) + takeInt();
  store<i64>(change, delta);
  store<i64>(place, load<i64>(place) + delta);
}

function nextBuckets(into: usize, list: usize): void {
  const isFloats = isFloat(into);
  const length = load<u32>(into + list);
  const from = listOf(into, list);
  const changes = changesOf(into, list);
  for (let i: u32 = 0; i < length && !broken; i++) {
    if (isFloats) takeXor(changes + (i << 3), from + (i << 3));
    else addChange(from + (i << 3), changes + (i << 3));
  }
}
