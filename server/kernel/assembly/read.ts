import {
  readChunkBytes,
  readChunkEncoding,
  readChunkFile,
  readChunkFlags,
  readChunkHead,
  readChunkMaxTime,
  readChunkMinTime,
  readChunkOffset,
  readChunkSamples,
  readChunkSize,
  readSeriesHead,
  reportConsumed,
  reportEntries,
} from "../layout";
import { lateEncode, lateRelease, lateState } from "./append";
import { bufferEnsure, bufferResult } from "./memory";
import { report, reportView } from "./report";
import { encodingOfCount, openCount, openEncoding, openFirstTime, openSize } from "./seal";
import { seriesOf } from "./series";
import {
  flagSampled,
  lateCount,
  lateEntries,
  lateEntrySize,
  lateMessages,
  pairId,
  sealedCount,
  sealedFile,
  sealedLateBit,
  sealedMinTime,
  sealedNext,
  sealedOffset,
  sealedSamplesMask,
  sealedSize,
  sealedSpan,
  seriesFlags,
  seriesLastTime,
  seriesLate,
  seriesPairList,
  seriesPairs,
  seriesRef,
  seriesSealed,
  seriesWord,
} from "./structs";

/**
 * Reading series out: each as ref, pair ids and chunks, copied into the result buffer in the
 * layout of `layout.ts`. Open chunks and late samples come as bytes, sealed chunks as places.
 */

/** Bytes that one call fills before it stops; a single series may take more. */
const readTarget: usize = 1048576;
/** Bytes of a late sample in a chunk at most, besides ten for each byte of a histogram's message. */
const lateSizeMax: usize = 128;

let rangeFrom: i64 = 0;
let rangeTo: i64 = 0;
let withChunks: bool = false;
let result: usize = 0;
let at: usize = 0;
let chunks: u32 = 0;

/**
 * Reads series of `count` refs at `refs`. Reports how many refs were used up, and how many
 * series stand in the result; false when memory is out.
 */
export function readSeries(refs: usize, count: u32, startMs: f64, endMs: f64): bool {
  rangeFrom = <i64>startMs;
  rangeTo = <i64>endMs;
  withChunks = rangeFrom <= rangeTo;
  result = bufferEnsure(bufferResult, readTarget);
  if (result == 0) return false;
  at = result;
  let entries: u32 = 0;
  let used: u32 = 0;
  for (; used < count; used++) {
    const series = seriesOf(load<u32>(refs + ((<usize>used) << 2)));
    if (series == 0 || (load<u8>(series, seriesFlags) & flagSampled) == 0) continue;
    const size = sizeOf(series);
    if (at - result + size > readTarget) {
      if (entries != 0) break;
      result = bufferEnsure(bufferResult, size);
      if (result == 0) return false;
      at = result;
    }
    if (writeSeries(series)) entries++;
  }
  store<u32>(report, entries, reportEntries);
  store<u32>(report, used, reportConsumed);
  reportView(result, at - result);
  return true;
}

/** Most bytes that a series can take in the result. */
function sizeOf(series: usize): usize {
  let size: usize = readSeriesHead + (load<u32>(series, seriesPairs) << 2) + 8;
  if (!withChunks) return size;
  size += <usize>readChunkHead + openSize(series) + 8;
  const late: usize = load<u32>(series, seriesLate);
  if (late != 0) {
    size += (<usize>readChunkHead + lateSizeMax) * <usize>load<u32>(late, lateCount);
    size += 10 * <usize>load<u32>(late, lateMessages);
  }
  for (let sealed: usize = load<u32>(series, seriesSealed); sealed != 0; ) {
    size += readChunkHead;
    sealed = load<u32>(sealed, sealedNext);
  }
  return size;
}

/** Writes a series; takes it back when none of its chunks touches the range. */
function writeSeries(series: usize): bool {
  const head = at;
  const pairs = load<u32>(series, seriesPairs);
  at += readSeriesHead;
  for (let i: u32 = 0; i < pairs; i++) {
    const pair: usize = load<u32>(series + (i << 2), seriesPairList);
    store<u32>(at, load<u32>(pair, pairId));
    at += 4;
  }
  at = (at + 7) & ~7;
  chunks = 0;
  if (withChunks) {
    writeSealed(series);
    writeOpen(series);
    writeLate(series);
    if (chunks == 0) {
      at = head;
      return false;
    }
  }
  store<u32>(head, load<u32>(series, seriesRef));
  store<u32>(head, pairs, 4);
  store<u32>(head, chunks, 8);
  store<u32>(head, <u32>(at - head), 12);
  return true;
}

function touches(from: i64, to: i64): bool {
  return from <= rangeTo && to >= rangeFrom;
}

function writeSealed(series: usize): void {
  let sealed: usize = load<u32>(series, seriesSealed);
  for (; sealed != 0; sealed = load<u32>(sealed, sealedNext)) {
    const from = load<i64>(sealed, sealedMinTime);
    const to = from + <i64>load<u32>(sealed, sealedSpan);
    if (!touches(from, to)) continue;
    const count = <u32>load<u16>(sealed, sealedCount);
    const late: u32 = (count & sealedLateBit) != 0 ? 1 : 0;
    const head = writeHead(from, to, count & sealedSamplesMask, late | 2);
    store<u32>(head, encodingOfCount(count), readChunkEncoding);
    store<f64>(head, <f64>load<u64>(sealed, sealedOffset), readChunkOffset);
    store<u32>(head, load<u32>(sealed, sealedFile), readChunkFile);
    store<u32>(head, load<u16>(sealed, sealedSize), readChunkSize);
  }
}

function writeHead(from: i64, to: i64, samples: u32, flags: u32): usize {
  const head = at;
  memory.fill(head, 0, readChunkHead);
  store<f64>(head, <f64>from, readChunkMinTime);
  store<f64>(head, <f64>to, readChunkMaxTime);
  store<u32>(head, samples, readChunkSamples);
  store<u32>(head, flags, readChunkFlags);
  at += readChunkHead;
  chunks++;
  return head;
}

function writeOpen(series: usize): void {
  if (load<u64>(series, seriesWord) == 0) return;
  const from = openFirstTime(series);
  const to = load<i64>(series, seriesLastTime);
  if (touches(from, to)) writeBytes(series, from, to, 0);
}

/** Copies the open chunk of a series, with its sample count set. */
function writeBytes(series: usize, from: i64, to: i64, flags: u32): void {
  const word = load<u64>(series, seriesWord);
  const size = openSize(series);
  const head = writeHead(from, to, <u32>(word >> 48), flags);
  memory.copy(at, <usize>(<u32>word), size);
  store<u16>(at, openCount(series));
  store<u32>(head, openEncoding(series), readChunkEncoding);
  store<u32>(head, <u32>size, readChunkSize);
  store<u32>(head, <u32>size, readChunkBytes);
  at = (at + size + 7) & ~7;
}

function writeLate(series: usize): void {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return;
  const count = load<u32>(buffer, lateCount);
  let from: u32 = 0;
  while (from < count) {
    const next = lateEncode(series, buffer, from);
    if (load<u64>(lateState, seriesWord) == 0) return;
    const minTime = load<i64>(buffer + from * lateEntrySize, lateEntries);
    const maxTime = load<i64>(buffer + (next - 1) * lateEntrySize, lateEntries);
    if (touches(minTime, maxTime)) writeBytes(lateState, minTime, maxTime, 1);
    lateRelease();
    from = next;
  }
}
