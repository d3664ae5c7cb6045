import { chunkSamplesMax, labelsMax, outOfOrderMax } from "../layout";
import { lateInsert } from "./late";
import { labelAddPair, labelCount, labelsBegin, labelScratch } from "./labels";
import { pairOf } from "./pairs";
import { seriesCreate, seriesFind, seriesOf } from "./series";
import { slabAlloc, slabClass } from "./slab";
import {
  flagDefined,
  flagSampled,
  lateCount,
  lateEntries,
  lateEntrySize,
  pairId,
  pairTenant,
  sealedCount,
  sealedFile,
  sealedLateBit,
  sealedMinTime,
  sealedNext,
  sealedOffset,
  sealedSize,
  sealedSpan,
  sealedTotal,
  seriesClass,
  seriesDelta,
  seriesFlags,
  seriesLastBits,
  seriesLastTime,
  seriesLate,
  seriesLeading,
  seriesPairList,
  seriesPairs,
  seriesRef,
  seriesSealed,
  seriesTenant,
  seriesTrailing,
  seriesWord,
  tenantIndex,
} from "./structs";
import { tenantCount, tenantEnsure } from "./tenants";
import { xorFirstTime, xorSize } from "./xor";

/** One series of a snapshot section: a head of fixed fields, then its lists. */

const entryRef: usize = 0;
const entryTenant: usize = 4;
const entryPairs: usize = 8;
const entrySealed: usize = 12;
const entryLate: usize = 16;
const entryDelta: usize = 20;
const entryLeading: usize = 24;
const entryTrailing: usize = 25;
const entrySamples: usize = 26;
const entryBits: usize = 28;
const entryLastTime: usize = 32;
const entryLastBits: usize = 40;
const entryHead: usize = 48;
/** u32 file, u64 offset, i64 oldest time, u32 span, u16 size, u16 samples and mark. */
const sealedEntry: usize = 28;
/** Bytes behind a chunk's last bit that the writer may touch. */
const tailScratch: usize = 8;

/** Bytes that a series takes in a section. */
export function exportSize(series: usize): usize {
  const late: usize = load<u32>(series, seriesLate);
  let size = entryHead + ((<usize>load<u32>(series, seriesPairs)) << 2);
  size += xorSize(load<u64>(series, seriesWord));
  size += <usize>sealedOf(series) * sealedEntry;
  return late == 0 ? size : size + <usize>load<u32>(late, lateCount) * lateEntrySize;
}

function sealedOf(series: usize): u32 {
  let count: u32 = 0;
  let sealed: usize = load<u32>(series, seriesSealed);
  for (; sealed != 0; sealed = load<u32>(sealed, sealedNext)) count++;
  return count;
}

/** Oldest chunks file that series written since `exportBegin` refer to; all ones: none. */
export let exportedFileOldest: u32 = u32.MAX_VALUE;

/** Begins a section. */
export function exportBegin(): void {
  exportedFileOldest = u32.MAX_VALUE;
}

/** Writes a series and returns the place behind it. */
export function exportOne(to: usize, series: usize): usize {
  const word = load<u64>(series, seriesWord);
  const late: usize = load<u32>(series, seriesLate);
  const pairs = load<u32>(series, seriesPairs);
  store<u32>(to, load<u32>(series, seriesRef), entryRef);
  store<u32>(to, load<u32>(load<u32>(series, seriesTenant), tenantIndex), entryTenant);
  store<u32>(to, pairs, entryPairs);
  store<u32>(to, sealedOf(series), entrySealed);
  store<u32>(to, late == 0 ? 0 : load<u32>(late, lateCount), entryLate);
  store<u32>(to, load<u32>(series, seriesDelta), entryDelta);
  store<u8>(to, load<u8>(series, seriesLeading), entryLeading);
  store<u8>(to, load<u8>(series, seriesTrailing), entryTrailing);
  store<u16>(to, <u16>(word >> 48), entrySamples);
  store<u32>(to, <u32>(word >> 32) & 0xffff, entryBits);
  store<i64>(to, load<i64>(series, seriesLastTime), entryLastTime);
  store<u64>(to, load<u64>(series, seriesLastBits), entryLastBits);
  let at = to + entryHead;
  for (let i: u32 = 0; i < pairs; i++) {
    store<u32>(at, load<u32>(load<u32>(series + (i << 2), seriesPairList), pairId));
    at += 4;
  }
  const size = xorSize(word);
  memory.copy(at, <usize>(<u32>word), size);
  at = exportSealed(at + size, series);
  if (late == 0) return at;
  const bytes = load<u32>(late, lateCount) * lateEntrySize;
  memory.copy(at, late + lateEntries, bytes);
  return at + bytes;
}

function exportSealed(to: usize, series: usize): usize {
  let at = to;
  let sealed: usize = load<u32>(series, seriesSealed);
  for (; sealed != 0; sealed = load<u32>(sealed, sealedNext)) {
    const file = load<u32>(sealed, sealedFile);
    exportedFileOldest = min<u32>(exportedFileOldest, file);
    store<u32>(at, file);
    store<u64>(at, load<u64>(sealed, sealedOffset), 4);
    store<i64>(at, load<i64>(sealed, sealedMinTime), 12);
    store<u32>(at, load<u32>(sealed, sealedSpan), 20);
    store<u16>(at, load<u16>(sealed, sealedSize), 24);
    store<u16>(at, load<u16>(sealed, sealedCount), 26);
    at += sealedEntry;
  }
  return at;
}

/** Place behind the entry that `importOne` took. */
export let importedAt: usize = 0;
/** Samples and oldest time of the series being taken in. */
let heldSamples: f64 = 0;
let oldest: i64 = 0;

/** Takes one series in; false when its entry makes no sense or memory is out. */
export function importOne(from: usize, end: usize): bool {
  if (end - from < entryHead) return false;
  const pairs = load<u32>(from, entryPairs);
  const late = load<u32>(from, entryLate);
  const bits = load<u32>(from, entryBits);
  const samples = <u32>load<u16>(from, entrySamples);
  if (pairs == 0 || pairs > <u32>labelsMax || late >= <u32>outOfOrderMax || bits > 0xffff)
    return false;
  if (samples > <u32>chunkSamplesMax || (samples == 0) != (bits == 0)) return false;
  const chunkSize = <u64>((bits + 7) >> 3);
  const size =
    <u64>entryHead +
    <u64>pairs * 4 +
    chunkSize +
    <u64>load<u32>(from, entrySealed) * <u64>sealedEntry +
    <u64>late * lateEntrySize;
  if (size > <u64>(end - from) || (samples != 0 && chunkSize < 11)) return false;
  const series = makeSeries(from, pairs);
  if (series == 0) return false;
  let at = from + entryHead + ((<usize>pairs) << 2);
  heldSamples = <f64>samples;
  oldest = load<i64>(from, entryLastTime);
  importState(series, from);
  if (samples != 0 && !importChunk(series, from, at)) return false;
  at = importSealed(series, from, at + <usize>chunkSize);
  if (at == 0 || !importLate(series, at, late)) return false;
  importedAt = at + late * lateEntrySize;
  const tenant: usize = load<u32>(series, seriesTenant);
  tenantCount(tenant, load<i64>(from, entryLastTime), oldest, heldSamples);
  return true;
}

function makeSeries(from: usize, pairs: u32): usize {
  const ref = load<u32>(from, entryRef);
  const tenant: usize =
    load<u32>(from, entryTenant) == 0 ? 0 : tenantEnsure(load<u32>(from, entryTenant));
  if (tenant == 0 || ref == 0 || seriesOf(ref) != 0) return 0;
  labelsBegin(0);
  for (let i: u32 = 0; i < pairs; i++) {
    const pair = pairOf(load<u32>(from + entryHead + (i << 2)));
    if (pair == 0 || load<u32>(pair, pairTenant) != <u32>tenant) return 0;
    labelAddPair(pair);
  }
  if (seriesFind(labelScratch(), labelCount) != 0) return 0;
  return seriesCreate(tenant, labelScratch(), labelCount, ref);
}

function importState(series: usize, from: usize): void {
  store<u32>(series, load<u32>(from, entryDelta), seriesDelta);
  store<u8>(series, load<u8>(from, entryLeading), seriesLeading);
  store<u8>(series, load<u8>(from, entryTrailing), seriesTrailing);
  store<i64>(series, load<i64>(from, entryLastTime), seriesLastTime);
  store<u64>(series, load<u64>(from, entryLastBits), seriesLastBits);
  store<u8>(series, flagSampled | flagDefined, seriesFlags);
}

function importChunk(series: usize, from: usize, bytes: usize): bool {
  const bits = load<u32>(from, entryBits);
  const size = <usize>((bits + 7) >> 3);
  const slab = slabClass(size + tailScratch);
  const chunk = slabAlloc(slab);
  if (chunk == 0) return false;
  memory.copy(chunk, bytes, size);
  store<u8>(series, slab, seriesClass);
  const word = ((<u64>load<u16>(from, entrySamples)) << 48) | ((<u64>bits) << 32) | <u64>chunk;
  atomic.store<u64>(series + seriesWord, word);
  oldest = min<i64>(oldest, xorFirstTime(chunk));
  return true;
}

/** Chains sealed chunks in the order in which they were exported; 0 when memory is out. */
function importSealed(series: usize, from: usize, bytes: usize): usize {
  const count = load<u32>(from, entrySealed);
  let at = bytes;
  let previous: usize = 0;
  for (let i: u32 = 0; i < count; i++) {
    const sealed = slabAlloc(slabClass(sealedTotal));
    if (sealed == 0) return 0;
    store<u32>(sealed, 0, sealedNext);
    store<u32>(sealed, load<u32>(at), sealedFile);
    store<u64>(sealed, load<u64>(at, 4), sealedOffset);
    store<i64>(sealed, load<i64>(at, 12), sealedMinTime);
    store<u32>(sealed, load<u32>(at, 20), sealedSpan);
    store<u16>(sealed, load<u16>(at, 24), sealedSize);
    store<u16>(sealed, load<u16>(at, 26), sealedCount);
    if (previous == 0) store<u32>(series, <u32>sealed, seriesSealed);
    else store<u32>(previous, <u32>sealed, sealedNext);
    previous = sealed;
    heldSamples += <f64>(<u32>load<u16>(at, 26) & ~sealedLateBit);
    oldest = min<i64>(oldest, load<i64>(at, 12));
    at += sealedEntry;
  }
  return at;
}

function importLate(series: usize, bytes: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const entry = bytes + i * lateEntrySize;
    if (!lateInsert(series, load<i64>(entry), load<u64>(entry, 8))) return false;
    oldest = min<i64>(oldest, load<i64>(entry));
  }
  heldSamples += <f64>count;
  return true;
}
