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
import { heldBits, heldValue, storeSample } from "./append";
import { memoryLeft, spanAlloc, unitsOf } from "./memory";
import { refuse } from "./report";
import {
  flagDefined,
  flagDefining,
  flagSampled,
  seriesFlags,
  seriesLabelsSize,
  seriesLastBits,
  seriesLastTime,
  seriesPending,
  tenantNewest,
  tenantWindow,
} from "./structs";
import { tenantCount } from "./tenants";

/**
 * The rows of the resolution under way: samples that were judged good and wait for `apply`.
 * A series may have several; `rowBefore` chains them, newest first, from its pending word.
 */

/** Columns: u32 series, u32 row before (plus 1), i64 time, u64 bits; then u32 definitions. */
let columnSeries: usize = 0;
let columnBefore: usize = 0;
let columnTime: usize = 0;
let columnBits: usize = 0;
let columnDefinitions: usize = 0;
/** Rows and definitions that wait, and the bytes of the definitions' labels with their heads. */
export let rows: u32 = 0;
export let definitions: u32 = 0;
export let definitionBytes: u32 = 0;
/** Samples that were there already. */
export let duplicates: u32 = 0;

let tenant: usize = 0;
let windowMs: i64 = 0;
let newest: i64 = 0;
let timeMax: i64 = 0;
/** Whether memory for what rows may need is there; without it nothing is taken. */
let hasRoom: bool = false;

/** Memory that the rows of one part may need at most: every open chunk grows or is sealed. */
export const rowsReserve: u64 = 33554432;

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
  columnSeries = spanAlloc(unitsOf(rowsMax * 28));
  if (columnSeries == 0) return false;
  columnBefore = columnSeries + rowsMax * 4;
  columnTime = columnSeries + rowsMax * 8;
  columnBits = columnSeries + rowsMax * 16;
  columnDefinitions = columnSeries + rowsMax * 24;
  return true;
}

/** Begins a resolution. */
export function rowsBegin(forTenant: usize, newestMs: i64, timeMsMax: i64): void {
  tenant = forTenant;
  hasRoom = memoryLeft() >= rowsReserve;
  windowMs = load<i64>(tenant, tenantWindow);
  newest = max<i64>(newestMs, load<i64>(tenant, tenantNewest));
  timeMax = timeMsMax;
  rows = 0;
  definitions = 0;
  definitionBytes = 0;
  duplicates = 0;
}

/** Judges a sample of a series that is new: the refusal, or 0. */
export function judgeNew(time: i64): u32 {
  if (time > timeMax) return refusedFuture;
  if (time < -timeBound) return refusedTooOld;
  const lag: i64 = windowMs > 0 ? windowMs : newSeriesLagMs;
  return time < newest - lag ? refusedTooOld : 0;
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
  if (time == last) return same(load<u64>(series, seriesLastBits), time, bits);
  const refusal = refusalOfLate(time);
  return refusal == 0 ? takeLate(series, time, bits) : drop(refusal, time);
}

function drop(refusal: u32, time: i64): i32 {
  refuse(refusal, 1, time);
  return dropped;
}

/** A sample at a time that is held: silent when it is the same, refused when it differs. */
function same(held: u64, time: i64, bits: u64): i32 {
  if (held == bits) duplicates++;
  else refuse(refusedOtherValue, 1, time);
  return dropped;
}

/** Why a sample older than the newest of its series is refused whatever is held; or 0. */
function refusalOfLate(time: i64): u32 {
  if (windowMs == 0) return refusedOutOfOrder;
  return time < newest - windowMs || time < -timeBound ? refusedTooOld : 0;
}

/** Takes a late sample, unless its time is held already. */
function takeLate(series: usize, time: i64, bits: u64): i32 {
  return heldBits(series, time) ? same(heldValue, time, bits) : addRow(series, time, bits, true);
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
      if (time == rowTime) return same(load<u64>(columnBits + (row << 3)), time, bits);
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
    if (time == last) return same(load<u64>(series, seriesLastBits), time, bits);
    const refusal = refusalOfLate(time);
    if (refusal != 0) return drop(refusal, time);
  }
  if (heldRow != 0) return same(load<u64>(columnBits + ((heldRow - 1) << 3)), time, bits);
  if ((load<u8>(series, seriesFlags) & flagSampled) != 0) {
    const last = load<i64>(series, seriesLastTime);
    if (time == last) return same(load<u64>(series, seriesLastBits), time, bits);
  }
  return takeLate(series, time, bits);
}

function addRow(series: usize, time: i64, bits: u64, late: bool): i32 {
  if (!hasRoom) return drop(refusedKernelSeries, time);
  const flags = load<u8>(series, seriesFlags);
  if ((flags & (flagDefined | flagDefining)) == 0) {
    const size = load<u32>(series, seriesLabelsSize) + 8;
    if (definitions != 0 && definitionBytes + size > <u32>definitionBytesMax) return partFull;
    definitionBytes += size;
    store<u32>(columnDefinitions + (definitions << 2), <u32>series);
    definitions++;
    store<u8>(series, flags | flagDefining, seriesFlags);
  }
  store<u32>(columnSeries + (rows << 2), <u32>series);
  store<u32>(columnBefore + (rows << 2), load<u32>(series, seriesPending));
  store<i64>(columnTime + (rows << 3), time);
  store<u64>(columnBits + (rows << 3), bits);
  rows++;
  store<u32>(series, late ? rows | lateRow : rows, seriesPending);
  if (time > newest) newest = time;
  return taken;
}

/** Stores all rows in the order in which they were taken, and begins anew. */
export function rowsApply(): void {
  let oldest: i64 = i64.MAX_VALUE;
  let latest: i64 = i64.MIN_VALUE;
  for (let row: u32 = 0; row < rows; row++) {
    const series: usize = load<u32>(columnSeries + (row << 2));
    const time = load<i64>(columnTime + (row << 3));
    store<u32>(series, 0, seriesPending);
    storeSample(series, time, load<u64>(columnBits + (row << 3)));
    oldest = min<i64>(oldest, time);
    latest = max<i64>(latest, time);
  }
  if (rows != 0) tenantCount(tenant, latest, oldest, <f64>rows);
  forgetDefinitions();
  rows = 0;
}

/** Forgets all rows. */
export function rowsAbandon(): void {
  for (let row: u32 = 0; row < rows; row++) {
    store<u32>(load<u32>(columnSeries + (row << 2)), 0, seriesPending);
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
  return load<u32>(columnSeries + (row << 2));
}

/** Series of a definition. */
export function definitionSeries(definition: u32): usize {
  return load<u32>(columnDefinitions + (definition << 2));
}

/** Column of the rows' times; the column of their bits lies `rowsMax` × 8 bytes behind it. */
export function rowTimes(): usize {
  return columnTime;
}

/** Column of the rows' value bits. */
export function rowBits(): usize {
  return columnBits;
}

/** Number of the tenant whose rows wait. */
export function rowsTenant(): usize {
  return tenant;
}
