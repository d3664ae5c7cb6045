import { chunkSamplesMax, encodingXor, encodingXor2 } from "../layout";
import { floatComes, headerFor, incomingStale, putHistogram } from "./histogram-append";
import { fitsChunk } from "./histogram-compare";
import { decodeHistogram } from "./histogram-decode";
import { histogramTime, incoming, other, staleBits } from "./histogram-record";
import { readHistogram } from "./histogram-wire";
import {
  isHistogramAt,
  lateFind,
  lateFree,
  lateInsert,
  lateInsertMessage,
  lateIsFull,
  lateIsHistogram,
  messageHead,
} from "./late";
import { borderBefore, openBits, openEncoding, sealFor, sealOpen } from "./seal";
import { slabFree } from "./slab";
import {
  flagDefined,
  flagHistogram,
  flagSampled,
  flagXor2,
  lateCount,
  lateEntries,
  lateEntrySize,
  sealedLateBit,
  seriesClass,
  seriesFlags,
  seriesLastBits,
  seriesLastTime,
  seriesLate,
  seriesTenant,
  seriesWord,
  tenantEncoding,
} from "./structs";
import { foundBits, xorAppend, xorBegin, xorFind } from "./xor";
import { xor2Append, xor2Begin, xor2Bits, xor2Forget, xor2Read, xor2Time } from "./xor2";

/**
 * The life of a sample inside its series: into the open chunk when it is newer than all before
 * it, among the late ones otherwise; chunks are sealed at 120 samples, at every two-hour border,
 * and where the kind of samples changes.
 */

/** State in which late samples are encoded: the append state of a series that does not exist. */
export const lateState: usize = memory.data(64, 16);

/** Stores a sample that was judged. False when memory is out, which `resolve` prevents. */
export function storeSample(series: usize, time: i64, bits: u64): bool {
  const flags = load<u8>(series, seriesFlags);
  store<u8>(series, flags | flagSampled | flagDefined, seriesFlags);
  if ((flags & flagSampled) != 0 && time <= load<i64>(series, seriesLastTime)) {
    return storeLate(series, time, bits);
  }
  if ((flags & (flagHistogram | flagXor2)) != 0) return storeOther(series, time, bits);
  const word = load<u64>(series, seriesWord);
  let done: bool;
  if (word == 0) {
    done = begin(series, time, bits);
  } else if (
    <u32>(word >> 48) >= <u32>chunkSamplesMax ||
    load<i64>(series, seriesLastTime) < borderBefore(time)
  ) {
    sealOpen(series);
    done = begin(series, time, bits);
  } else {
    done = xorAppend(series, time, bits);
  }
  store<i64>(series, time, seriesLastTime);
  store<u64>(series, bits, seriesLastBits);
  return done;
}

/** When the counting of the sample began that is stored next; 0: not known. */
let pendingStart: i64 = 0;

/** Says when the counting of the floats began that are stored next. */
export function startsAt(start: i64): void {
  pendingStart = start;
}

/** Begins a chunk of floats. */
function begin(series: usize, time: i64, bits: u64): bool {
  const tenant: usize = load<u32>(series, seriesTenant);
  const isXor2 = tenant != 0 && load<u32>(tenant, tenantEncoding) != 0;
  return isXor2 ? xor2Begin(series, time, bits, pendingStart) : xorBegin(series, time, bits);
}

/**
 * A float into an XOR2 chunk, or behind a histogram: a staleness marker becomes one of histograms,
 * as in Prometheus.
 */
function storeOther(series: usize, time: i64, bits: u64): bool {
  const isHistogram = (load<u8>(series, seriesFlags) & flagHistogram) != 0;
  if (isHistogram && bits == staleBits) {
    incomingStale(series, time);
    return putHistogram(series, headerFor(series));
  }
  if (isHistogram) floatComes(series);
  const word = load<u64>(series, seriesWord);
  const isFull =
    <u32>(word >> 48) >= <u32>chunkSamplesMax ||
    load<i64>(series, seriesLastTime) < borderBefore(time);
  if (word != 0 && isFull) sealOpen(series);
  const isOpen = word != 0 && !isFull;
  const done = isOpen ? xor2Append(series, time, bits, pendingStart) : begin(series, time, bits);
  store<i64>(series, time, seriesLastTime);
  store<u64>(series, bits, seriesLastBits);
  return done;
}

/** Stores a histogram that was judged, from its message. False when memory is out. */
export function storeHistogram(series: usize, message: usize, size: u32): bool {
  const flags = load<u8>(series, seriesFlags);
  store<u8>(series, flags | flagSampled | flagDefined, seriesFlags);
  readHistogram(incoming, message, message + size);
  const time = load<i64>(incoming, histogramTime);
  if ((flags & flagSampled) == 0 || time > load<i64>(series, seriesLastTime)) {
    return putHistogram(series, headerFor(series));
  }
  if (!lateInsertMessage(series, time, message, size)) return false;
  if (lateIsFull(series)) sealLate(series);
  return true;
}

function storeLate(series: usize, time: i64, bits: u64): bool {
  if (!lateInsert(series, time, bits)) return false;
  if (lateIsFull(series)) sealLate(series);
  return true;
}

/** Value bits that `heldBits` found. */
export let heldValue: u64 = 0;
/** Whether it found a histogram, which stands in the scratch `other` then. */
export let heldIsHistogram: bool = false;

/** Whether open chunk or late samples hold this time; says what they hold. */
export function heldBits(series: usize, time: i64): bool {
  const late = lateFind(series, time);
  if (late != 0) {
    heldValue = load<u64>(late, 8);
    heldIsHistogram = lateIsHistogram;
    if (!heldIsHistogram) return true;
    const message = <usize>heldValue;
    return readHistogram(other, message + messageHead, message + messageHead + load<u32>(message));
  }
  const word = load<u64>(series, seriesWord);
  if (word == 0) return false;
  const chunk = <usize>(<u32>word);
  const samples = <u32>(word >> 48);
  const encoding = openEncoding(series);
  heldIsHistogram = encoding != encodingXor && encoding != encodingXor2;
  if (heldIsHistogram) {
    decodeHistogram(other, chunk, openBits(series), samples, encoding, time);
    return load<i64>(other, histogramTime) == time;
  }
  if (encoding == encodingXor2) {
    if (!xor2Read(chunk, openBits(series), samples, time) || xor2Time != time) return false;
    heldValue = xor2Bits;
    return true;
  }
  if (!xorFind(chunk, samples, time)) return false;
  heldValue = foundBits;
  return true;
}

/** Seals the late samples of a series: one chunk per two-hour window and kind of samples. */
export function sealLate(series: usize): void {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return;
  const count = load<u32>(buffer, lateCount);
  let from: u32 = 0;
  while (from < count) {
    const next = lateEncode(series, buffer, from);
    if (load<u64>(lateState, seriesWord) == 0) return;
    sealFor(series, lateState, sealedLateBit);
    lateRelease();
    from = next;
  }
  lateFree(series);
}

/**
 * Encodes late samples from index `from` up to the end of their two-hour window, or to one that
 * does not fit into the same chunk, into a chunk of its own; returns the index behind them. The
 * chunk is the open one of `lateState`, which `lateRelease` frees.
 */
export function lateEncode(series: usize, buffer: usize, from: u32): u32 {
  const count = load<u32>(buffer, lateCount);
  const entries = buffer + lateEntries;
  const border = borderBefore(load<i64>(entries + from * lateEntrySize));
  const histograms = isHistogramAt(buffer, from);
  store<u64>(lateState, 0, seriesWord);
  store<u32>(lateState, load<u32>(series, seriesTenant), seriesTenant);
  let at = from;
  while (at < count) {
    const time = load<i64>(entries + at * lateEntrySize);
    const bits = load<u64>(entries + at * lateEntrySize, 8);
    if (at > from && borderBefore(time) != border) break;
    if (isHistogramAt(buffer, at) != histograms) break;
    const done = histograms ? encodeLate(<usize>bits) : encodeFloat(time, bits);
    if (!done) break;
    at++;
  }
  return at;
}

function encodeFloat(time: i64, bits: u64): bool {
  const isFirst = load<u64>(lateState, seriesWord) == 0;
  const isXor2 = (load<u8>(lateState, seriesFlags) & flagXor2) != 0;
  pendingStart = 0;
  const done = isFirst
    ? begin(lateState, time, bits)
    : isXor2
      ? xor2Append(lateState, time, bits, 0)
      : xorAppend(lateState, time, bits);
  store<i64>(lateState, time, seriesLastTime);
  store<u64>(lateState, bits, seriesLastBits);
  return done;
}

/** False when the histogram needs a chunk of its own. */
function encodeLate(message: usize): bool {
  const from = message + messageHead;
  readHistogram(incoming, from, from + load<u32>(message));
  const header = headerFor(lateState);
  if (load<u64>(lateState, seriesWord) != 0 && header != fitsChunk) return false;
  return putHistogram(lateState, header);
}

/** Frees what `lateEncode` made. */
export function lateRelease(): void {
  const word = load<u64>(lateState, seriesWord);
  if (word != 0) slabFree(load<u8>(lateState, seriesClass), <usize>(<u32>word));
  store<u64>(lateState, 0, seriesWord);
  xor2Forget(lateState);
  floatComes(lateState);
}
