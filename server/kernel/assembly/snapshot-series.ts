import {
  chunkSamplesMax,
  encodingXor,
  encodingXor2,
  histogramChunkSizeMax,
  histogramMessageSizeMax,
  labelsMax,
  outOfOrderMax,
} from "../layout";
import { decodeHistogram } from "./histogram-decode";
import { encoded, encodeFirst } from "./histogram-encode";
import { judgeHistogram } from "./histogram-judge";
import {
  changesCopy,
  histogramHasStarts,
  histogramHeader,
  histogramTime,
  incoming,
  lastBecomes,
  lastHistogram,
  other,
} from "./histogram-record";
import { readHistogram } from "./histogram-wire";
import { isHistogramAt, lateInsert, lateInsertMessage, messageHead } from "./late";
import { labelAddPair, labelCount, labelsBegin, labelScratch } from "./labels";
import { pairOf } from "./pairs";
import {
  encodingOfCount,
  openBits,
  openCount,
  openEncoding,
  openFirstTime,
  openSize,
  sealedEncodingOf,
} from "./seal";
import { seriesCreate, seriesFind, seriesOf } from "./series";
import { slabAlloc, slabClass } from "./slab";
import {
  flagDefined,
  flagSampled,
  lateCount,
  lateEntries,
  lateEntrySize,
  lateHistograms,
  lateMessages,
  pairId,
  pairTenant,
  sealedCount,
  sealedFile,
  sealedMinTime,
  sealedNext,
  sealedOffset,
  sealedSamplesMask,
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
import { xor2Read, xor2Resume, xor2Time } from "./xor2";
import { tenantCount, tenantEnsure } from "./tenants";

/** One series of a snapshot section: a head of fixed fields, then its lists. */

const entryRef: usize = 0;
const entryTenant: usize = 4;
const entryPairs: usize = 8;
const entrySealed: usize = 12;
const entryLate: usize = 16;
const entryDelta: usize = 20;
const entryLeading: usize = 24;
const entryTrailing: usize = 25;
/** Samples of the open chunk, and its encoding as in the count of a sealed one. */
const entrySamples: usize = 26;
const entryBits: usize = 28;
const entryLastTime: usize = 32;
const entryLastBits: usize = 40;
/** Since version 2: which late samples are histograms, and the bytes of their messages. */
const entryLateHistograms: usize = 48;
const entryLateMessages: usize = 52;
const entryHead: usize = 56;
/** Size of the head in version 1. */
const entryHead1: usize = 48;
/** u32 file, u64 offset, i64 oldest time, u32 span, u16 size, u16 samples and mark. */
const sealedEntry: usize = 28;
/** Bytes behind a chunk's last bit that the writer may touch. */
const tailScratch: usize = 8;

/** Bytes that a series takes in a section. */
export function exportSize(series: usize): usize {
  const late: usize = load<u32>(series, seriesLate);
  let size = entryHead + ((<usize>load<u32>(series, seriesPairs)) << 2);
  size += (<usize>exportBits(series) + 7) >> 3;
  size += <usize>sealedOf(series) * sealedEntry;
  if (late == 0) return size;
  return size + <usize>load<u32>(late, lateCount) * lateEntrySize + load<u32>(late, lateMessages);
}

/**
 * Bits of what stands for the open chunk: a series whose last sample is a histogram, but sealed,
 * gives it as a chunk of its own, in the scratch of the encoder.
 */
function exportBits(series: usize): u32 {
  const last = lastHistogram(series);
  if (last == 0 || load<u64>(series, seriesWord) != 0) return openBits(series);
  const hasStarts = load<u8>(last, histogramHasStarts) != 0;
  return encodeFirst(last, <u32>load<u8>(last, histogramHeader), hasStarts);
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
  const isXor = openEncoding(series) == encodingXor;
  store<u32>(to, isXor ? load<u32>(series, seriesDelta) : 0, entryDelta);
  store<u8>(to, load<u8>(series, seriesLeading), entryLeading);
  store<u8>(to, load<u8>(series, seriesTrailing), entryTrailing);
  const bits = exportBits(series);
  const encoding = sealedEncodingOf(openEncoding(series));
  const isFloat = lastHistogram(series) == 0;
  store<u16>(to, <u16>(word >> 48) | <u16>encoding, entrySamples);
  store<u32>(to, bits, entryBits);
  store<i64>(to, load<i64>(series, seriesLastTime), entryLastTime);
  store<u64>(to, isFloat ? load<u64>(series, seriesLastBits) : 0, entryLastBits);
  store<u32>(to, late == 0 ? 0 : load<u32>(late, lateHistograms), entryLateHistograms);
  store<u32>(to, late == 0 ? 0 : load<u32>(late, lateMessages), entryLateMessages);
  let at = to + entryHead;
  for (let i: u32 = 0; i < pairs; i++) {
    store<u32>(at, load<u32>(load<u32>(series + (i << 2), seriesPairList), pairId));
    at += 4;
  }
  const size = (<usize>bits + 7) >> 3;
  memory.copy(at, word == 0 ? encoded : <usize>(<u32>word), size);
  if (word != 0) store<u16>(at, openCount(series));
  at = exportSealed(at + size, series);
  return late == 0 ? at : exportLate(at, late);
}

/** Writes late samples; a histogram has its message's size for bits, the messages follow. */
function exportLate(to: usize, late: usize): usize {
  const count = load<u32>(late, lateCount);
  let at = to + count * lateEntrySize;
  memory.copy(to, late + lateEntries, at - to);
  if (load<u32>(late, lateHistograms) == 0) return at;
  for (let place: u32 = 0; place < count; place++) {
    if (!isHistogramAt(late, place)) continue;
    const bits = to + place * lateEntrySize + 8;
    const message: usize = load<u32>(bits);
    const size = load<u32>(message);
    memory.copy(at, message + messageHead, size);
    store<u64>(bits, <u64>size);
    at += size;
  }
  return at;
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

/** Head of the entries of the section being taken in, and one entry's numbers. */
let headSize: usize = entryHead;
let samples: u32 = 0;
let encoding: u32 = 0;
let chunkSize: usize = 0;

/** Begins to take in a section of a version. */
export function importBegin(version: u32): void {
  headSize = version == 1 ? entryHead1 : entryHead;
}

/** Takes one series in; false when its entry makes no sense or memory is out. */
export function importOne(from: usize, end: usize): bool {
  if (end - from < headSize || !checkEntry(from, end)) return false;
  const pairs = load<u32>(from, entryPairs);
  const series = makeSeries(from, pairs);
  if (series == 0) return false;
  let at = from + headSize + ((<usize>pairs) << 2);
  heldSamples = <f64>samples;
  oldest = load<i64>(from, entryLastTime);
  importState(series, from);
  if (chunkSize != 0 && !importChunk(series, from, at)) return false;
  at = importSealed(series, from, at + chunkSize);
  if (at == 0 || !importLate(series, from, at, end)) return false;
  const tenant: usize = load<u32>(series, seriesTenant);
  tenantCount(tenant, load<i64>(from, entryLastTime), oldest, heldSamples);
  return true;
}

/** Whether an entry's numbers make sense and its lists lie before the end. */
function checkEntry(from: usize, end: usize): bool {
  const pairs = load<u32>(from, entryPairs);
  const late = load<u32>(from, entryLate);
  const bits = load<u32>(from, entryBits);
  samples = <u32>load<u16>(from, entrySamples) & sealedSamplesMask;
  encoding = encodingOfCount(<u32>load<u16>(from, entrySamples));
  if (pairs == 0 || pairs > <u32>labelsMax || late >= <u32>outOfOrderMax) return false;
  if (samples > <u32>chunkSamplesMax || bits > (<u32>histogramChunkSizeMax) << 3) return false;
  chunkSize = <usize>((bits + 7) >> 3);
  const isXor = encoding == encodingXor || encoding == encodingXor2;
  if (isXor && (bits > 0xffff || (samples == 0) != (bits == 0))) return false;
  if (chunkSize < 11 && (!isXor || bits != 0)) return false;
  const size =
    <u64>headSize +
    <u64>pairs * 4 +
    <u64>chunkSize +
    <u64>load<u32>(from, entrySealed) * <u64>sealedEntry +
    <u64>late * lateEntrySize;
  return size <= <u64>(end - from);
}

function makeSeries(from: usize, pairs: u32): usize {
  const ref = load<u32>(from, entryRef);
  const tenant: usize =
    load<u32>(from, entryTenant) == 0 ? 0 : tenantEnsure(load<u32>(from, entryTenant));
  if (tenant == 0 || ref == 0 || seriesOf(ref) != 0) return 0;
  labelsBegin(0);
  for (let i: u32 = 0; i < pairs; i++) {
    const pair = pairOf(load<u32>(from + headSize + (i << 2)));
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
  const isXor = encoding == encodingXor;
  const isXor2 = encoding == encodingXor2;
  if (!isXor && !isXor2 && !importLast(series, from, bytes)) return false;
  if (isXor2) {
    const lastTime = load<i64>(from, entryLastTime);
    if (!xor2Read(bytes, bits, samples, i64.MAX_VALUE) || xor2Time != lastTime) return false;
    if (!xor2Resume(series, bits)) return false;
  }
  if (samples == 0) return true;
  const slab = slabClass(chunkSize + tailScratch);
  const chunk = slabAlloc(slab);
  if (chunk == 0) return false;
  memory.copy(chunk, bytes, chunkSize);
  store<u8>(series, slab, seriesClass);
  const shown: u64 = isXor || isXor2 ? (<u64>bits) << 32 : 0;
  atomic.store<u64>(series + seriesWord, ((<u64>samples) << 48) | shown | <u64>chunk);
  oldest = min<i64>(oldest, openFirstTime(series));
  return true;
}

/** Finds a series' last histogram by decoding its open chunk, or what stands for it. */
function importLast(series: usize, from: usize, bytes: usize): bool {
  const bits = load<u32>(from, entryBits);
  const most = max<u32>(samples, 1);
  if (!decodeHistogram(other, bytes, bits, most, encoding, i64.MAX_VALUE)) return false;
  if (load<i64>(other, histogramTime) != load<i64>(from, entryLastTime)) return false;
  const last = lastBecomes(series, other);
  if (last == 0) return false;
  changesCopy(last, other);
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
    heldSamples += <f64>(<u32>load<u16>(at, 26) & sealedSamplesMask);
    oldest = min<i64>(oldest, load<i64>(at, 12));
    at += sealedEntry;
  }
  return at;
}

/** Takes late samples in; the place behind them is then `importedAt`. */
function importLate(series: usize, from: usize, bytes: usize, end: usize): bool {
  const count = load<u32>(from, entryLate);
  const marks = headSize == entryHead1 ? 0 : load<u32>(from, entryLateHistograms);
  let at = bytes + count * lateEntrySize;
  for (let i: u32 = 0; i < count; i++) {
    const entry = bytes + i * lateEntrySize;
    const time = load<i64>(entry);
    if (((marks >> i) & 1) == 0) {
      if (!lateInsert(series, time, load<u64>(entry, 8))) return false;
    } else {
      const size = load<u64>(entry, 8);
      if (size > <u64>histogramMessageSizeMax || size > <u64>(end - at)) return false;
      if (!importMessage(series, time, at, <u32>size)) return false;
      at += <usize>size;
    }
    oldest = min<i64>(oldest, time);
  }
  importedAt = at;
  heldSamples += <f64>count;
  return true;
}

function importMessage(series: usize, time: i64, from: usize, size: u32): bool {
  if (!readHistogram(incoming, from, from + size) || judgeHistogram(incoming, 0) != 0) return false;
  if (load<i64>(incoming, histogramTime) != time) return false;
  return lateInsertMessage(series, time, from, size);
}
