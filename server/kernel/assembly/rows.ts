import {
  definitionBytesMax,
  newSeriesLagMs,
  pendingWalkMax,
  refusedFuture,
  refusedKernelSeries,
  refusedOtherValue,
  refusedOutOfOrder,
  refusedTooOld,
  rowsMax,
} from "../layout";
import {
  heldBits,
  heldIsHistogram,
  heldValue,
  startsAt,
  storeHistogram,
  storeSample,
} from "./append";
import { sameHistogram } from "./histogram-compare";
import {
  histogramUnits,
  incoming,
  isStale,
  lastBytes,
  lastHistogram,
  other,
  staleBits,
} from "./histogram-record";
import { readHistogram } from "./histogram-wire";
import { memoryLeft, spanAlloc, unitsOf } from "./memory";
import { refuse } from "./report";
import { openSize } from "./seal";
import {
  encodingStarts,
  flagDefined,
  flagDefining,
  flagHistogram,
  flagSampled,
  lateMessages,
  seriesFlags,
  seriesLabelsSize,
  seriesLastBits,
  seriesLastTime,
  seriesLate,
  seriesPending,
  tenantEncoding,
  tenantNewest,
  tenantWindow,
} from "./structs";
import { tenantCount } from "./tenants";
import { sampleStart } from "./wire";

/**
 * The rows of the resolution under way: samples that were judged good and wait for `apply`.
 * A series may have several; `rowBefore` chains them, newest first, from its pending word.
 */

/**
 * Columns: u32 series (bit 0: the row is a histogram), u32 row before (plus 1), i64 time, u64 bits;
 * i64 start when they are stored; then u32 definitions. Bits of a histogram: where its message stands, and its size above.
 */
let columnSeries: usize = 0;
let columnBefore: usize = 0;
let columnTime: usize = 0;
let columnBits: usize = 0;
let columnStart: usize = 0;
let columnDefinitions: usize = 0;
/** Whether starts are stored: the tenant wants it. */
export let hasStarts: bool = false;
/** Rows and definitions that wait, and the bytes of the definitions' labels with their heads. */
export let rows: u32 = 0;
export let definitions: u32 = 0;
export let definitionBytes: u32 = 0;
/** Samples that were there already, and how many of them are histograms. */
export let duplicates: u32 = 0;
export let histogramDuplicates: u32 = 0;
/** Rows that are histograms, and the bytes of their messages. */
export let histograms: u32 = 0;
export let messageBytes: u32 = 0;
/** Memory that those rows may take, and that chunks of histograms that they end take. */
let histogramMemory: u32 = 0;
/** Bytes of chunks of histograms that late samples were looked for in. */
let comparedBytes: u32 = 0;
/** 1 when the sample that is judged is a histogram, which stands in the scratch `incoming`. */
let candidate: u32 = 0;

let tenant: usize = 0;
let windowMs: i64 = 0;
let newest: i64 = 0;
let timeMax: i64 = 0;
/** Whether memory for what rows may need is there; without it nothing is taken. */
let hasRoom: bool = false;

/** Memory that the rows of one part may need at most: every open chunk grows or is sealed. */
export const rowsReserve: u64 = 33554432;

/** Part of it that is for histograms: larger than what the largest one may need. */
const histogramMemoryMax: u32 = 16777216;
/** What takes about 20 ms. */
const comparedBytesMax: u32 = 4194304;
/** Bytes per entry of a histogram: record, chunk, outbox, each with what growing costs. */
const entryMemory: u32 = 64;

/** Times beyond ±2^53 ms cannot cross the face as numbers. */
const timeBound: i64 = 0x20000000000000;

/** Marks a link to a row that was not newer than all of its series before it. */
const lateRow: u32 = 0x80000000;

/** Outcomes of `takeSample`. */
export const taken: i32 = 0;
const dropped: i32 = 1;
/** The part must end before this sample. */
export const partFull: i32 = 2;

/** Reserves the columns; false when memory is out. */
export function rowsStart(): bool {
  columnSeries = spanAlloc(unitsOf(rowsMax * 36));
  if (columnSeries == 0) return false;
  columnBefore = columnSeries + rowsMax * 4;
  columnTime = columnSeries + rowsMax * 8;
  columnBits = columnSeries + rowsMax * 16;
  columnStart = columnSeries + rowsMax * 24;
  columnDefinitions = columnSeries + rowsMax * 32;
  return true;
}

/** Begins a resolution. */
export function rowsBegin(forTenant: usize, newestMs: i64, timeMsMax: i64): void {
  tenant = forTenant;
  hasStarts = (load<u32>(tenant, tenantEncoding) & encodingStarts) != 0;
  hasRoom = memoryLeft() >= rowsReserve;
  windowMs = load<i64>(tenant, tenantWindow);
  newest = max<i64>(newestMs, load<i64>(tenant, tenantNewest));
  timeMax = timeMsMax;
  rows = 0;
  definitions = 0;
  definitionBytes = 0;
  duplicates = 0;
  histogramDuplicates = 0;
  histograms = 0;
  messageBytes = 0;
  histogramMemory = 0;
  comparedBytes = 0;
}

/** Judges a sample of a series that is new: the refusal, or 0. */
export function judgeNew(time: i64): u32 {
  if (time > timeMax) return refusedFuture;
  if (time < -timeBound) return refusedTooOld;
  const lag: i64 = windowMs > 0 ? windowMs : newSeriesLagMs;
  return time < newest - lag ? refusedTooOld : 0;
}

/**
 * Does for a histogram, which was judged and stands in the scratch `incoming`, what `takeSample`
 * does; its message must stay in place until the rows are stored.
 */
export function takeHistogram(series: usize, time: i64, message: usize, size: u32): i32 {
  candidate = 1;
  const outcome = takeSample(series, time, ((<u64>size) << 32) | <u64>message);
  candidate = 0;
  return outcome;
}

/** Judges a sample of a known series and makes it a row, counts it, or ends the part. */
export function takeSample(series: usize, time: i64, bits: u64): i32 {
  if (rows >= <u32>rowsMax) return partFull;
  if (load<u32>(series, seriesPending) != 0) return judgePending(series, time, bits);
  if ((load<u8>(series, seriesFlags) & flagSampled) == 0) {
    const refusal = judgeNew(time);
    return refusal == 0 ? addRow(series, time, bits, false) : drop(refusal, time);
  }
  const last = load<i64>(series, seriesLastTime);
  if (time > timeMax) return drop(refusedFuture, time);
  if (time > last) return addRow(series, time, bits, false);
  if (time == last) return same(isLast(series, bits), time);
  const refusal = refusalOfLate(time);
  return refusal == 0 ? takeLate(series, time, bits) : drop(refusal, time);
}

function drop(refusal: u32, time: i64): i32 {
  refuse(refusal, 1, time);
  return dropped;
}

/** A sample at a time that is held: silent when it is the same, refused when it differs. */
function same(isSame: bool, time: i64): i32 {
  if (!isSame) return drop(refusedOtherValue, time);
  duplicates++;
  histogramDuplicates += candidate;
  return dropped;
}

/** Whether the last sample of a series is the one that is judged. */
function isLast(series: usize, bits: u64): bool {
  const last = lastHistogram(series);
  if (last == 0) return candidate == 0 && load<u64>(series, seriesLastBits) == bits;
  return candidate == 0 ? bits == staleBits && isStale(last) : sameHistogram(last, incoming);
}

/** Whether a row is the sample that is judged. */
function isRow(row: u32, bits: u64): bool {
  if ((load<u32>(columnSeries + (row << 2)) & 1) != candidate) return false;
  const held = load<u64>(columnBits + (row << 3));
  if (candidate == 0) return held == bits;
  const message = <usize>(<u32>held);
  return (
    readHistogram(other, message, message + <usize>(held >> 32)) && sameHistogram(other, incoming)
  );
}

/** Whether what `heldBits` found is the sample that is judged. */
function isHeld(bits: u64): bool {
  if (!heldIsHistogram) return candidate == 0 && heldValue == bits;
  return candidate == 0 ? bits == staleBits && isStale(other) : sameHistogram(other, incoming);
}

/** Why a sample older than the newest of its series is refused whatever is held; or 0. */
function refusalOfLate(time: i64): u32 {
  if (windowMs == 0) return refusedOutOfOrder;
  return time < newest - windowMs || time < -timeBound ? refusedTooOld : 0;
}

/**
 * Takes a late sample, unless its time is held already. Chunks of histograms are slow to look
 * through, so a part ends when it has looked through many.
 */
function takeLate(series: usize, time: i64, bits: u64): i32 {
  if (lastHistogram(series) != 0) {
    if (comparedBytes > comparedBytesMax) return partFull;
    comparedBytes += <u32>openSize(series);
  }
  return heldBits(series, time) ? same(isHeld(bits), time) : addRow(series, time, bits, true);
}

/**
 * Judges against the rows of this resolution too: the series has come before in it. The newest
 * row that was in order is the series' last sample for now.
 */
function judgePending(series: usize, time: i64, bits: u64): i32 {
  if (time > timeMax) return drop(refusedFuture, time);
  let link = load<u32>(series, seriesPending);
  let heldRow: u32 = 0;
  let ordered = false;
  for (let steps = 0; link != 0; steps++) {
    if (steps == pendingWalkMax) return partFull;
    const row = (link & ~lateRow) - 1;
    const rowTime = load<i64>(columnTime + (row << 3));
    if (!ordered && (link & lateRow) == 0) {
      if (time > rowTime) return addRow(series, time, bits, false);
      if (time == rowTime) return same(isRow(row, bits), time);
      const refusal = refusalOfLate(time);
      if (refusal != 0) return drop(refusal, time);
      ordered = true;
    } else if (rowTime == time) {
      heldRow = row + 1;
    }
    if (ordered && heldRow != 0) break;
    link = load<u32>(columnBefore + (row << 2));
  }
  if (!ordered) {
    const last = load<i64>(series, seriesLastTime);
    if (time > last) return addRow(series, time, bits, false);
    if (time == last) return same(isLast(series, bits), time);
    const refusal = refusalOfLate(time);
    if (refusal != 0) return drop(refusal, time);
  }
  if (heldRow != 0) return same(isRow(heldRow - 1, bits), time);
  if ((load<u8>(series, seriesFlags) & flagSampled) != 0) {
    const last = load<i64>(series, seriesLastTime);
    if (time == last) return same(isLast(series, bits), time);
  }
  return takeLate(series, time, bits);
}

function addRow(series: usize, time: i64, bits: u64, late: bool): i32 {
  if (!hasRoom) return drop(refusedKernelSeries, time);
  const flags = load<u8>(series, seriesFlags);
  if (late || candidate != 0 || (flags & flagHistogram) != 0) {
    const cost = memoryOf(series, bits);
    if (histogramMemory != 0 && histogramMemory + cost > histogramMemoryMax) return partFull;
    histogramMemory += cost;
  }
  if ((flags & (flagDefined | flagDefining)) == 0) {
    const size = load<u32>(series, seriesLabelsSize) + 8;
    if (definitions != 0 && definitionBytes + size > <u32>definitionBytesMax) return partFull;
    definitionBytes += size;
    store<u32>(columnDefinitions + (definitions << 2), <u32>series);
    definitions++;
    store<u8>(series, flags | flagDefining, seriesFlags);
  }
  store<u32>(columnSeries + (rows << 2), <u32>series | candidate);
  store<u32>(columnBefore + (rows << 2), load<u32>(series, seriesPending));
  store<i64>(columnTime + (rows << 3), time);
  store<u64>(columnBits + (rows << 3), bits);
  if (hasStarts) store<i64>(columnStart + (rows << 3), candidate != 0 ? 0 : sampleStart);
  rows++;
  if (candidate != 0) {
    histograms++;
    messageBytes += <u32>(bits >> 32);
  }
  store<u32>(series, late ? rows | lateRow : rows, seriesPending);
  if (time > newest) newest = time;
  return taken;
}

/** Memory that a row may need because of histograms: its own, or what it seals. */
function memoryOf(series: usize, bits: u64): u32 {
  let size = <u32>lastBytes(series);
  if (size != 0) size += <u32>openSize(series);
  const late: usize = load<u32>(series, seriesLate);
  if (late != 0) size += 2 * load<u32>(late, lateMessages);
  if (candidate == 0) return size;
  return size + <u32>histogramUnits(incoming) * entryMemory + 4 * <u32>(bits >> 32) + 512;
}

/** Stores all rows in the order in which they were taken, and begins anew. */
export function rowsApply(): void {
  let oldest: i64 = i64.MAX_VALUE;
  let latest: i64 = i64.MIN_VALUE;
  for (let row: u32 = 0; row < rows; row++) {
    const series = rowSeries(row);
    const time = load<i64>(columnTime + (row << 3));
    const bits = load<u64>(columnBits + (row << 3));
    store<u32>(series, 0, seriesPending);
    if (hasStarts) startsAt(load<i64>(columnStart + (row << 3)));
    if (!rowIsHistogram(row)) storeSample(series, time, bits);
    else storeHistogram(series, <usize>(<u32>bits), <u32>(bits >> 32));
    oldest = min<i64>(oldest, time);
    latest = max<i64>(latest, time);
  }
  startsAt(0);
  if (rows != 0) tenantCount(tenant, latest, oldest, <f64>rows);
  forgetDefinitions();
  rows = 0;
}

/** Forgets all rows. */
export function rowsAbandon(): void {
  for (let row: u32 = 0; row < rows; row++) {
    store<u32>(rowSeries(row), 0, seriesPending);
  }
  forgetDefinitions();
  rows = 0;
}

function forgetDefinitions(): void {
  for (let i: u32 = 0; i < definitions; i++) {
    const series: usize = load<u32>(columnDefinitions + (i << 2));
    store<u8>(series, load<u8>(series, seriesFlags) & ~flagDefining, seriesFlags);
  }
  definitions = 0;
  definitionBytes = 0;
}

/** Series of a row. */
export function rowSeries(row: u32): usize {
  return load<u32>(columnSeries + (row << 2)) & ~1;
}

/** Whether a row is a histogram. */
export function rowIsHistogram(row: u32): bool {
  return (load<u32>(columnSeries + (row << 2)) & 1) != 0;
}

/** Series of a definition. */
export function definitionSeries(definition: u32): usize {
  return load<u32>(columnDefinitions + (definition << 2));
}

/** Column of the rows' times; the column of their bits lies `rowsMax` × 8 bytes behind it. */
export function rowTimes(): usize {
  return columnTime;
}

/** Column of the rows' starts; means nothing unless they are stored. */
export function rowStarts(): usize {
  return columnStart;
}

/** Column of the rows' value bits. */
export function rowBits(): usize {
  return columnBits;
}

/** Number of the tenant whose rows wait. */
export function rowsTenant(): usize {
  return tenant;
}
