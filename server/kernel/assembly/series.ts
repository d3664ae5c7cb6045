import { directoryClear, directoryCreate, directoryGet, directorySet } from "./directory";
import { foldHash } from "./hash";
import { pairCreate, pairFree } from "./pairs";
import {
  cursorLeft,
  cursorNext,
  cursorOpen,
  cursorPop,
  cursorPush,
  postingsAppend,
  postingsFree,
} from "./postings";
import { bufferEnsure, bufferResult } from "./memory";
import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  labelPair,
  labelStride,
  pairHash,
  pairPostings,
  pairRawSize,
  postingsDead,
  postingsLast,
  postingsLive,
  seriesHash,
  seriesLabelsSize,
  seriesPairList,
  seriesPairs,
  seriesRef,
  seriesTenant,
  tenantPostings,
  tenantSeries,
} from "./structs";
import { tableFirst, tableInsert, tableNext, tableRemove, tableStart } from "./table";

/** The series table: found by the fold of their pairs' hashes, verified pair by pair. */

const table: usize = memory.data(16, 8);
let directory: usize = 0;
/** Ref of the next series. */
export let seriesRefNext: u32 = 1;
let seriesLive: u32 = 0;

/** Sets up the table. */
export function seriesStart(): bool {
  directory = directoryCreate();
  return directory != 0 && tableStart(table);
}

/** Raises the next ref: refs of a former life of this data directory are never used again. */
export function seriesRefReserve(next: u32): void {
  if (next > seriesRefNext) seriesRefNext = next;
}

/** The series of a ref, or 0. */
export function seriesOf(ref: u32): usize {
  return directoryGet(directory, ref);
}

/** The directory of all series, for exports. */
export function seriesDirectory(): usize {
  return directory;
}

/** Series in the kernel. */
export function seriesCount(): u32 {
  return seriesLive;
}

/** Hash of the pairs that the first `count` labels of the scratch carry. */
function hashOf(labels: usize, count: u32): u32 {
  let hash: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    hash = foldHash(hash, load<u64>(load<u32>(labels + i * labelStride, labelPair), pairHash));
  }
  return <u32>(hash ^ (hash >> 32));
}

/** The series with exactly these pairs, in order, or 0. Pairs belong to tenants, so it does too. */
export function seriesFind(labels: usize, count: u32): usize {
  const hash = hashOf(labels, count);
  let series = tableFirst(table, hash);
  while (series != 0) {
    if (load<u32>(series, seriesPairs) == count) {
      let i: u32 = 0;
      while (
        i < count &&
        load<u32>(series + (i << 2), seriesPairList) ==
          load<u32>(labels + i * labelStride, labelPair)
      ) {
        i++;
      }
      if (i == count) return series;
    }
    series = tableNext();
  }
  return 0;
}

/**
 * Makes a series of the scratch's sorted labels, with the pairs that are missing; 0 when memory
 * is out, and then nothing has changed. `ref` 0: the next one.
 */
export function seriesCreate(tenant: usize, labels: usize, count: u32, ref: u32): usize {
  const slab = slabClass(seriesPairList + (count << 2));
  const series = slabAlloc(slab);
  if (series == 0) return 0;
  const given = ref == 0 ? seriesRefNext : ref;
  for (let at: usize = 0; at < <usize>seriesPairList; at += 4) store<u32>(series + at, 0);
  store<u32>(series, <u32>tenant, seriesTenant);
  store<u32>(series, given, seriesRef);
  const done = attachPairs(series, tenant, labels, count);
  if (done == count) store<u32>(series, hashOf(labels, count), seriesHash);
  if (done < count || !listSeries(tenant, series, given)) {
    detachPairs(series, done);
    slabFree(slab, series);
    return 0;
  }
  seriesRefReserve(given + 1);
  store<u32>(series, count, seriesPairs);
  store<u32>(tenant, load<u32>(tenant, tenantSeries) + 1, tenantSeries);
  seriesLive++;
  return series;
}

/** Enters a series into directory, table and the tenant's list, or into none. */
function listSeries(tenant: usize, series: usize, ref: u32): bool {
  if (!directorySet(directory, ref, series)) return false;
  const hash = load<u32>(series, seriesHash);
  if (tableInsert(table, hash, series)) {
    if (postingsAdd(tenant + tenantPostings, ref)) return true;
    tableRemove(table, hash, series);
  }
  directoryClear(directory, ref);
  return false;
}

/** Finds or makes the pairs and lists the series at each; returns how many were done. */
function attachPairs(series: usize, tenant: usize, labels: usize, count: u32): u32 {
  let size: u32 = 0;
  const ref = load<u32>(series, seriesRef);
  for (let i: u32 = 0; i < count; i++) {
    const label = labels + i * labelStride;
    let pair: usize = load<u32>(label, labelPair);
    if (pair == 0) {
      pair = pairCreate(tenant, label, 0);
      if (pair == 0) return i;
      store<u32>(label, <u32>pair, labelPair);
    }
    if (!postingsAdd(pair + pairPostings, ref)) {
      if (load<u32>(pair + pairPostings, postingsLive) == 0) pairFree(pair);
      return i;
    }
    store<u32>(series + (i << 2), <u32>pair, seriesPairList);
    size += load<u32>(pair, pairRawSize);
  }
  store<u32>(series, size, seriesLabelsSize);
  return count;
}

/** Takes the series off its first `count` pairs and frees those that nobody has any more. */
function detachPairs(series: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const pair: usize = load<u32>(series + (i << 2), seriesPairList);
    postingsDrop(pair + pairPostings);
    if (load<u32>(pair + pairPostings, postingsLive) == 0) pairFree(pair);
  }
}

/** Frees a series with its record; chunks and buffers must be freed already. */
export function seriesFree(series: usize): void {
  const tenant: usize = load<u32>(series, seriesTenant);
  const count = load<u32>(series, seriesPairs);
  tableRemove(table, load<u32>(series, seriesHash), series);
  directoryClear(directory, load<u32>(series, seriesRef));
  detachPairs(series, count);
  const all = tenant + tenantPostings;
  store<u32>(all, load<u32>(all, postingsLive) - 1, postingsLive);
  store<u32>(all, load<u32>(all, postingsDead) + 1, postingsDead);
  store<u32>(tenant, load<u32>(tenant, tenantSeries) - 1, tenantSeries);
  slabFree(slabClass(seriesPairList + (count << 2)), series);
  seriesLive--;
}

/**
 * Gives a series another ref: the log defined its labels anew, after the former series of these
 * labels had been truncated. False when memory is out.
 */
export function seriesRename(series: usize, ref: u32): bool {
  if (!directorySet(directory, ref, series)) return false;
  directoryClear(directory, load<u32>(series, seriesRef));
  store<u32>(series, ref, seriesRef);
  const count = load<u32>(series, seriesPairs);
  for (let i: u32 = 0; i <= count; i++) {
    const owner: usize =
      i == count
        ? load<u32>(series, seriesTenant) + tenantPostings
        : load<u32>(series + (i << 2), seriesPairList) + pairPostings;
    store<u32>(owner, load<u32>(owner, postingsLive) - 1, postingsLive);
    store<u32>(owner, load<u32>(owner, postingsDead) + 1, postingsDead);
    if (!postingsAdd(owner, ref)) return false;
  }
  return true;
}

/** Adds a ref wherever its place is. Refs out of order come only from a log with a gap. */
function postingsAdd(list: usize, ref: u32): bool {
  if (ref > load<u32>(list, postingsLast)) return postingsAppend(list, ref);
  return postingsRewrite(list, ref);
}

/** Counts one entry as dead; a list that is mostly dead is written anew. */
function postingsDrop(list: usize): void {
  const live = load<u32>(list, postingsLive) - 1;
  const dead = load<u32>(list, postingsDead) + 1;
  store<u32>(list, live, postingsLive);
  store<u32>(list, dead, postingsDead);
  if (live != 0 && dead > live + 16) postingsRewrite(list, 0);
}

/**
 * Writes a list anew without its dead entries and with `extra` (0: none) in its place. False,
 * with the list as it was, when memory is out.
 */
export function postingsRewrite(list: usize, extra: u32): bool {
  cursorPush();
  const done = rewrite(list, extra);
  cursorPop();
  return done;
}

function rewrite(list: usize, extra: u32): bool {
  cursorOpen(list);
  const refs = bufferEnsure(bufferResult, (<usize>cursorLeft + 1) << 2);
  if (refs == 0) return false;
  let count: u32 = 0;
  let pending = extra;
  while (cursorLeft != 0) {
    const ref = cursorNext();
    if (directoryGet(directory, ref) == 0) continue;
    if (pending != 0 && ref > pending) {
      store<u32>(refs + (count << 2), pending);
      count++;
      pending = 0;
    }
    store<u32>(refs + (count << 2), ref);
    count++;
  }
  if (pending != 0) {
    store<u32>(refs + (count << 2), pending);
    count++;
  }
  postingsFree(list);
  for (let i: u32 = 0; i < count; i++) {
    if (!postingsAppend(list, load<u32>(refs + (i << 2)))) return false;
  }
  return true;
}
