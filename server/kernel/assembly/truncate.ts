import { sealLate } from "./append";
import { lastForget } from "./histogram-record";
import { cursorLeft, cursorNext, cursorOpen, cursorRestore, cursorSave } from "./postings";
import { openFirstTime, sealOpen } from "./seal";
import { postingsRewrite, seriesFree, seriesOf } from "./series";
import { slabClass, slabFree } from "./slab";
import {
  flagSampled,
  lateEntries,
  postingsDead,
  sealedFile,
  sealedMinTime,
  sealedNext,
  sealedOffset,
  sealedSpan,
  sealedTotal,
  seriesFlags,
  seriesLastTime,
  seriesLate,
  seriesSealed,
  seriesWord,
  tenantOldest,
  tenantPostings,
  tenantTruncateOldest,
} from "./structs";
import { tenantOf } from "./tenants";

/**
 * Cutting the head behind blocks: sealing what lies before a time, and dropping what a block
 * has taken over. Both visit a tenant's series in slices.
 */

/** Puts the cursor before the first ref of the list that is not below `fromRef`. */
function walkTo(list: usize, fromRef: u32): u32 {
  if (fromRef > 1 && cursorRestore(list, fromRef)) return fromRef;
  cursorOpen(list);
  while (cursorLeft != 0) {
    const ref = cursorNext();
    if (ref >= fromRef) return ref;
  }
  return 0;
}

/** The next ref of the walk, or 0 at its end. */
function walkNext(): u32 {
  return cursorLeft == 0 ? 0 : cursorNext();
}

/**
 * Seals open chunks that lie wholly before a time, and the late samples of a series when any of
 * them does (they become a chunk for each two-hour window), visiting at most `most` series from
 * `fromRef`; returns where to go on, 0 at the end.
 */
export function seal(index: u32, beforeMs: f64, fromRef: u32, most: u32): u32 {
  const tenant = tenantOf(index);
  if (tenant == 0) return 0;
  const before = <i64>beforeMs;
  const list = tenant + tenantPostings;
  let ref = walkTo(list, fromRef);
  for (let visits: u32 = 0; ref != 0 && visits < most; visits++) {
    const series = seriesOf(ref);
    if (series != 0) sealBefore(series, before);
    ref = walkNext();
  }
  if (ref != 0) cursorSave(list);
  return ref;
}

function sealBefore(series: usize, before: i64): void {
  if (load<u64>(series, seriesWord) != 0 && load<i64>(series, seriesLastTime) < before) {
    sealOpen(series);
  }
  const late: usize = load<u32>(series, seriesLate);
  if (late == 0) return;
  if (load<i64>(late, lateEntries) < before) sealLate(series);
}

let before: i64 = 0;
let writtenFile: u32 = 0;
let writtenOffset: u64 = 0;

/** Sets what the next calls of `truncate` may drop: chunks sealed before this position. */
export function truncateBelow(file: u32, offset: f64): void {
  writtenFile = file;
  writtenOffset = <u64>offset;
}

/**
 * Drops sealed chunks that lie wholly before a time and before the position set, and series
 * that have nothing left and no newer sample. Visits and returns as `seal` does.
 */
export function truncate(index: u32, beforeMs: f64, fromRef: u32, most: u32): u32 {
  const tenant = tenantOf(index);
  if (tenant == 0) return 0;
  before = <i64>beforeMs;
  const list = tenant + tenantPostings;
  if (fromRef <= 1) store<i64>(tenant, i64.MAX_VALUE, tenantTruncateOldest);
  let ref = walkTo(list, fromRef);
  for (let visits: u32 = 0; ref != 0 && visits < most; visits++) {
    const series = seriesOf(ref);
    if (series != 0) truncateOne(tenant, series);
    ref = walkNext();
  }
  if (ref != 0) {
    cursorSave(list);
    return ref;
  }
  store<i64>(tenant, load<i64>(tenant, tenantTruncateOldest), tenantOldest);
  if (load<u32>(list, postingsDead) != 0) postingsRewrite(list, 0);
  return 0;
}

function truncateOne(tenant: usize, series: usize): void {
  dropSealed(series);
  const word = load<u64>(series, seriesWord);
  const late: usize = load<u32>(series, seriesLate);
  const sampled = (load<u8>(series, seriesFlags) & flagSampled) != 0;
  if (word == 0 && late == 0 && load<u32>(series, seriesSealed) == 0) {
    if (!sampled || load<i64>(series, seriesLastTime) < before) {
      lastForget(series);
      seriesFree(series);
      return;
    }
  }
  let oldest = load<i64>(tenant, tenantTruncateOldest);
  if (word != 0) oldest = min<i64>(oldest, openFirstTime(series));
  if (late != 0) oldest = min<i64>(oldest, load<i64>(late, lateEntries));
  let sealed: usize = load<u32>(series, seriesSealed);
  for (; sealed != 0; sealed = load<u32>(sealed, sealedNext)) {
    oldest = min<i64>(oldest, load<i64>(sealed, sealedMinTime));
  }
  store<i64>(tenant, oldest, tenantTruncateOldest);
}

function dropSealed(series: usize): void {
  let previous: usize = 0;
  let sealed: usize = load<u32>(series, seriesSealed);
  while (sealed != 0) {
    const next: usize = load<u32>(sealed, sealedNext);
    if (isTaken(sealed)) {
      if (previous == 0) store<u32>(series, <u32>next, seriesSealed);
      else store<u32>(previous, <u32>next, sealedNext);
      slabFree(slabClass(sealedTotal), sealed);
    } else {
      previous = sealed;
    }
    sealed = next;
  }
}

/** Whether a block has taken a sealed chunk over. */
function isTaken(sealed: usize): bool {
  if (load<i64>(sealed, sealedMinTime) + <i64>load<u32>(sealed, sealedSpan) >= before) return false;
  const file = load<u32>(sealed, sealedFile);
  return (
    file < writtenFile || (file == writtenFile && load<u64>(sealed, sealedOffset) < writtenOffset)
  );
}
