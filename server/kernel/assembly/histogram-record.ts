import { encodingFloatHistogram, histogramUnitsMax } from "../layout";
import { spanAlloc, unitsOf } from "./memory";
import { slabAlloc, slabClass, slabClassSize, slabFree } from "./slab";
import { flagHistogram, seriesFlags, seriesLastBits } from "./structs";

/**
 * A histogram as numbers: one that is being read or decoded (in a scratch), or the last one of a
 * series with what its open chunk needs to go on (a slab, from the series' last bits). Lists
 * stand elsewhere; the record has their lengths and places.
 */

/** Chunk encoding number, which tells integer from float; 0: nothing was read. */
export const histogramKind = 0;
/** Reset hint of the wire: 0 unknown, 1 reset, 2 no reset, 3 gauge. */
export const histogramHint = 1;
/** Slab class of a series' record. */
const histogramSlab = 2;
/** Flags byte of the chunk: what is known of resets before it. */
export const histogramHeader = 3;
export const histogramSchema = 4;
/** Lengths of the lists, u32 each. Spans: i32 offset, u32 length. Others: 8 bytes an entry. */
export const positiveSpans = 8;
export const negativeSpans = 12;
/** Integer: i64 differences to the bucket before. Float: f64 counts. */
export const positiveBuckets = 16;
export const negativeBuckets = 20;
/** Upper bounds of custom buckets, f64. */
export const customBounds = 24;
/** From the length of a list to its pointer. */
const toPointer = 24;
/** Changes of the last sample per bucket, positive then negative; windows of XOR for float. */
const histogramChanges = 52;
/** Bits of the open chunk. */
export const histogramBits = 28;
export const histogramZeroThreshold = 56;
/** u64 or f64, as the kind says. */
export const histogramCount = 64;
export const histogramZeroCount = 72;
export const histogramSum = 80;
export const histogramTime = 88;
/** Time of the first sample of the open chunk. */
export const histogramFirstTime = 96;
export const histogramTimeChange = 104;
export const histogramCountChange = 112;
export const histogramZeroChange = 120;
/** Window of the sum's XOR. */
export const histogramSumWindow = 128;
/** When the counting began, ms, 0: not said; in a series' record a state of `putStart`. */
export const histogramStart = 136;
/** 1 when the chunk has start times. */
export const histogramHasStarts = 152;
const recordHead: usize = 160;

/** Flags byte of histogram chunks. */
export const headerUnknown: u32 = 0;
export const headerNotReset: u32 = 0x40;
export const headerReset: u32 = 0x80;
export const headerGauge: u32 = 0xc0;
export const hintReset: u32 = 1;
export const hintGauge: u32 = 3;

/** Value of staleness markers. */
export const staleBits: u64 = 0x7ff0000000000002;

/** The histogram that is being resolved or stored. */
export let incoming: usize = 0;
/** A histogram that it is compared with: decoded from a chunk, or read from the wire. */
export let other: usize = 0;

/** Reserves the scratches; false when memory is out. */
export function histogramsStart(): bool {
  incoming = makeScratch();
  other = makeScratch();
  return incoming != 0 && other != 0;
}

function makeScratch(): usize {
  const list: usize = (<usize>histogramUnitsMax) << 3;
  const record = spanAlloc(unitsOf(recordHead + list * 6));
  if (record == 0) return 0;
  memory.fill(record, 0, recordHead);
  for (let i: usize = 0; i < 6; i++) {
    store<u32>(record + (i << 2), <u32>(record + recordHead + i * list), positiveSpans + toPointer);
  }
  return record;
}

/** Forgets what a scratch holds, but for the places of its lists. */
export function histogramClear(record: usize): void {
  memory.fill(record, 0, positiveSpans + toPointer);
  memory.fill(record + histogramZeroThreshold, 0, recordHead - histogramZeroThreshold);
}

/** First entry of a list. */
export function listOf(record: usize, list: usize): usize {
  return load<u32>(record + list, toPointer);
}

/** The changes of a list of buckets. */
export function changesOf(record: usize, list: usize): usize {
  const changes: usize = load<u32>(record, histogramChanges);
  return list == positiveBuckets ? changes : changes + (load<u32>(record, positiveBuckets) << 3);
}

/** Appends to a list of a scratch; entries beyond what it holds are only counted. */
export function listPush(record: usize, list: usize, value: u64): void {
  const length = load<u32>(record + list);
  if (length < <u32>histogramUnitsMax) store<u64>(listOf(record, list) + (length << 3), value);
  store<u32>(record + list, length + 1);
}

/** Entries of all lists; a span counts as two. What a record costs follows from it. */
export function histogramUnits(record: usize): u64 {
  const spans = <u64>load<u32>(record, positiveSpans) + <u64>load<u32>(record, negativeSpans);
  const buckets = <u64>load<u32>(record, positiveBuckets) + <u64>load<u32>(record, negativeBuckets);
  return spans * 2 + buckets + <u64>load<u32>(record, customBounds);
}

/** Buckets that observations may fall into, the empty ones that are sent included. */
export function bucketsOf(record: usize): u64 {
  return <u64>load<u32>(record, positiveBuckets) + <u64>load<u32>(record, negativeBuckets);
}

/** Whether the histogram is a staleness marker. */
export function isStale(record: usize): bool {
  return load<u64>(record, histogramSum) == staleBits;
}

/** Whether its counts are floats. */
export function isFloat(record: usize): bool {
  return load<u8>(record, histogramKind) == encodingFloatHistogram;
}

/** Leaves nothing of a staleness marker but its kind, hint, times and sum: the rest means nothing. */
export function histogramEmpty(record: usize): void {
  const kind = load<u8>(record, histogramKind);
  const hint = load<u8>(record, histogramHint);
  const time = load<i64>(record, histogramTime);
  const start = load<i64>(record, histogramStart);
  histogramClear(record);
  store<u8>(record, kind, histogramKind);
  store<u8>(record, hint, histogramHint);
  store<i64>(record, time, histogramTime);
  store<i64>(record, start, histogramStart);
  store<u64>(record, staleBits, histogramSum);
}

/** The record of a series whose last sample is a histogram, or 0. */
export function lastHistogram(series: usize): usize {
  const flags = load<u8>(series, seriesFlags);
  return (flags & flagHistogram) == 0 ? 0 : <usize>load<u32>(series, seriesLastBits);
}

/**
 * Makes the record of a series a copy of a scratch, with changes of nothing; 0 when memory is
 * out. The series is then one whose last sample is a histogram.
 */
export function lastBecomes(series: usize, from: usize): usize {
  const size = recordHead + <usize>lastSize(from);
  let record = lastHistogram(series);
  const slab = slabClass(size);
  if (record == 0 || load<u8>(record, histogramSlab) != slab) {
    lastForget(series);
    record = slabAlloc(slab);
    if (record == 0) return 0;
  }
  memory.copy(record, from, recordHead);
  store<u8>(record, slab, histogramSlab);
  let at = record + recordHead;
  for (let list: usize = positiveSpans; list <= <usize>customBounds; list += 4) {
    const bytes = (<usize>load<u32>(record + list)) << 3;
    memory.copy(at, listOf(from, list), bytes);
    store<u32>(record + list, <u32>at, toPointer);
    at += bytes;
  }
  store<u32>(record, <u32>at, histogramChanges);
  memory.fill(at, 0, (<usize>bucketsOf(record)) << 3);
  store<u64>(series, <u64>record, seriesLastBits);
  store<u8>(series, load<u8>(series, seriesFlags) | flagHistogram, seriesFlags);
  return record;
}

/** Copies the changes too: the record goes on where a decoded chunk ends. */
export function changesCopy(record: usize, from: usize): void {
  const size = (<usize>bucketsOf(record)) << 3;
  memory.copy(changesOf(record, positiveBuckets), changesOf(from, positiveBuckets), size);
}

/** Bytes of the lists and changes of a histogram. */
function lastSize(record: usize): u64 {
  const spans = <u64>load<u32>(record, positiveSpans) + <u64>load<u32>(record, negativeSpans);
  return (spans + bucketsOf(record) * 2 + <u64>load<u32>(record, customBounds)) << 3;
}

/** Frees the record of a series, if it has one; its last sample is no histogram any more. */
export function lastForget(series: usize): void {
  const record = lastHistogram(series);
  if (record == 0) return;
  slabFree(load<u8>(record, histogramSlab), record);
  store<u64>(series, 0, seriesLastBits);
  store<u8>(series, load<u8>(series, seriesFlags) & ~flagHistogram, seriesFlags);
}

/** Bytes that a series' record takes, for bounds. */
export function lastBytes(series: usize): usize {
  const record = lastHistogram(series);
  return record == 0 ? 0 : slabClassSize(load<u8>(record, histogramSlab));
}
