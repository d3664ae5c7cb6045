import {
  chunkSamplesMax,
  histogramChunkSamplesMin,
  histogramChunkSizeMax,
  histogramChunkSizeMin,
} from "../layout";
import { fitsChunk, followHeader, headerOfFirst } from "./histogram-compare";
import { encoded, encodedSizeMax, encodeFirst, encodeNext, windowsOpen } from "./histogram-encode";
import {
  headerGauge,
  headerNotReset,
  hintGauge,
  histogramBits,
  histogramClear,
  histogramEmpty,
  histogramFirstTime,
  histogramHasStarts,
  histogramHeader,
  histogramHint,
  histogramKind,
  histogramSum,
  histogramTime,
  histogramUnits,
  incoming,
  isStale,
  lastBecomes,
  lastForget,
  lastHistogram,
  staleBits,
} from "./histogram-record";
import { borderBefore, openSize, sealOpen } from "./seal";
import { slabAlloc, slabClass, slabClassSize, slabFree } from "./slab";
import { startHeader } from "./start-times";
import {
  encodingStarts,
  seriesClass,
  seriesLastTime,
  seriesTenant,
  seriesWord,
  tenantEncoding,
} from "./structs";

/** The life of a histogram inside its series: into the open chunk, or into a new one. */

/** Bytes behind a chunk's last bit that the writer may touch. */
const tailScratch: u32 = 8;

/** Makes the scratch a staleness marker that suits what the series had last. */
export function incomingStale(series: usize, time: i64): void {
  const last = lastHistogram(series);
  const isGauge = <u32>load<u8>(last, histogramHeader) == headerGauge;
  histogramClear(incoming);
  store<u8>(incoming, load<u8>(last, histogramKind), histogramKind);
  store<u8>(incoming, isGauge ? <u8>hintGauge : 0, histogramHint);
  store<i64>(incoming, time, histogramTime);
  store<u64>(incoming, staleBits, histogramSum);
}

/**
 * Header of the chunk that the histogram in the scratch must begin in this series, or
 * `fitsChunk` when the open chunk takes it.
 */
export function headerFor(series: usize): u32 {
  const last = lastHistogram(series);
  const isKnown = last != 0 && load<u8>(last, histogramKind) == load<u8>(incoming, histogramKind);
  if (!isKnown) return headerOfFirst(incoming);
  const header = followHeader(last, incoming);
  if (header != fitsChunk) return header;
  if (load<u64>(series, seriesWord) != 0 && !isFull(series)) return fitsChunk;
  return <u32>load<u8>(incoming, histogramHint) == hintGauge ? headerGauge : headerNotReset;
}

/** Whether the open chunk takes no more, or not the histogram in the scratch. */
function isFull(series: usize): bool {
  const samples = <u32>(load<u64>(series, seriesWord) >> 48);
  const size = <u32>openSize(series);
  if (samples >= <u32>chunkSamplesMax) return true;
  if (samples >= <u32>histogramChunkSamplesMin && size >= <u32>histogramChunkSizeMin) return true;
  const needed = encodedSizeMax(<u32>histogramUnits(incoming));
  if (size + needed > <u32>histogramChunkSizeMax) return true;
  return load<i64>(series, seriesLastTime) < borderBefore(load<i64>(incoming, histogramTime));
}

/**
 * Puts the histogram in the scratch, newer than all before it, into a chunk of the series, which
 * is begun with `header` unless that is `fitsChunk`. False when memory is out.
 */
export function putHistogram(series: usize, header: u32): bool {
  if (isStale(incoming)) histogramEmpty(incoming);
  const done = header == fitsChunk ? append(series) : begin(series, header);
  store<i64>(series, load<i64>(incoming, histogramTime), seriesLastTime);
  return done;
}

function begin(series: usize, header: u32): bool {
  sealOpen(series);
  const hasStarts = storesStarts(series);
  const bits = encodeFirst(incoming, header, hasStarts);
  const size = (bits + 7) >> 3;
  const slab = slabClass(size + tailScratch);
  const last = lastBecomes(series, incoming);
  const chunk: usize = last == 0 ? 0 : slabAlloc(slab);
  if (chunk == 0) return false;
  memory.copy(chunk, encoded, size);
  store<u8>(last, header, histogramHeader);
  store<u8>(last, hasStarts ? 1 : 0, histogramHasStarts);
  store<u32>(last, bits, histogramBits);
  store<i64>(last, load<i64>(incoming, histogramTime), histogramFirstTime);
  windowsOpen(last);
  store<u8>(series, slab, seriesClass);
  publish(series, chunk, 1);
  return true;
}

/** Makes pointer and samples visible to readers of other threads in one store. */
function publish(series: usize, chunk: usize, samples: u32): void {
  atomic.store<u64>(series + seriesWord, ((<u64>samples) << 48) | <u64>chunk);
}

function append(series: usize): bool {
  const word = load<u64>(series, seriesWord);
  const last = lastHistogram(series);
  const bits = load<u32>(last, histogramBits);
  const whole = bits >> 3;
  let chunk = <usize>(<u32>word);
  const head: u8 = (bits & 7) == 0 ? 0 : load<u8>(chunk + whole);
  const samples = <u32>(word >> 48);
  const added = encodeNext(last, incoming, head, samples, <u32>load<u8>(chunk, 2));
  const size = whole + ((added + 7) >> 3);
  const old = <u32>load<u8>(series, seriesClass);
  if (size + tailScratch > <u32>slabClassSize(old)) {
    const slab = slabClass(size + tailScratch);
    const wider = slabAlloc(slab);
    if (wider == 0) return false;
    memory.copy(wider, chunk, whole);
    slabFree(old, chunk);
    store<u8>(series, slab, seriesClass);
    chunk = wider;
  }
  memory.copy(chunk + whole, encoded, (added + 7) >> 3);
  store<u32>(last, (whole << 3) + added, histogramBits);
  if (load<u8>(last, histogramHasStarts) != 0) store<u8>(chunk, startHeader, 2);
  publish(series, chunk, samples + 1);
  return true;
}

/** Whether new chunks of a series have room for start times. */
export function storesStarts(series: usize): bool {
  const tenant: usize = load<u32>(series, seriesTenant);
  return tenant != 0 && (load<u32>(tenant, tenantEncoding) & encodingStarts) != 0;
}

/** Ends the life of histograms in a series: a float comes. */
export function floatComes(series: usize): void {
  sealOpen(series);
  lastForget(series);
}
