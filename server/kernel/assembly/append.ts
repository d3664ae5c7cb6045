import { chunkBorderMs, chunkSamplesMax, outOfOrderMax } from "../layout";
import { crc32c } from "./crc32c";
import { lateFind, lateFree, lateInsert } from "./late";
import { chunksFile, chunksOffset, outboxPut } from "./outbox";
import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  flagDefined,
  flagSampled,
  lateCount,
  lateEntries,
  lateEntrySize,
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
  seriesFlags,
  seriesLastBits,
  seriesLastTime,
  seriesLate,
  seriesSealed,
  seriesWord,
} from "./structs";
import { foundBits, xorAppend, xorBegin, xorFind, xorFirstTime, xorSize } from "./xor";

/**
 * The life of a sample inside its series: into the open chunk when it is newer than all before
 * it, among the late ones otherwise; chunks are sealed at 120 samples and at every two-hour
 * border. Sealing writes the bytes to the outbox and leaves a 32-byte reference.
 */

/** Two-hour window of the sample looked at last; most samples of a batch share it. */
let windowFrom: i64 = 0;
let windowTo: i64 = 0;

/** State in which late samples are encoded: the append state of a series that does not exist. */
const lateState: usize = memory.data(64, 16);
const crcBytes: usize = memory.data(8, 8);

/** First time of the two-hour window that holds `time`; windows lie at multiples of 2 h. */
function borderBefore(time: i64): i64 {
  if (time < windowFrom || time >= windowTo) {
    let number = time / chunkBorderMs;
    if (time < 0 && number * chunkBorderMs != time) number--;
    windowFrom = number * chunkBorderMs;
    windowTo = windowFrom + chunkBorderMs;
  }
  return windowFrom;
}

/** Stores a sample that was judged. False when memory is out, which `resolve` prevents. */
export function storeSample(series: usize, time: i64, bits: u64): bool {
  const flags = load<u8>(series, seriesFlags);
  store<u8>(series, flags | flagSampled | flagDefined, seriesFlags);
  if ((flags & flagSampled) != 0 && time <= load<i64>(series, seriesLastTime)) {
    return storeLate(series, time, bits);
  }
  const word = load<u64>(series, seriesWord);
  let done: bool;
  if (word == 0) {
    done = xorBegin(series, time, bits);
  } else if (
    <u32>(word >> 48) >= <u32>chunkSamplesMax ||
    load<i64>(series, seriesLastTime) < borderBefore(time)
  ) {
    sealOpen(series);
    done = xorBegin(series, time, bits);
  } else {
    done = xorAppend(series, time, bits);
  }
  store<i64>(series, time, seriesLastTime);
  store<u64>(series, bits, seriesLastBits);
  return done;
}

function storeLate(series: usize, time: i64, bits: u64): bool {
  if (!lateInsert(series, time, bits)) return false;
  const buffer: usize = load<u32>(series, seriesLate);
  if (load<u32>(buffer, lateCount) >= <u32>outOfOrderMax) sealLate(series);
  return true;
}

/** Value bits that `heldBits` found. */
export let heldValue: u64 = 0;

/** Whether open chunk or late samples hold this time; `heldValue` has the bits then. */
export function heldBits(series: usize, time: i64): bool {
  const late = lateFind(series, time);
  if (late != 0) {
    heldValue = load<u64>(late, 8);
    return true;
  }
  const word = load<u64>(series, seriesWord);
  if (word == 0 || !xorFind(<usize>(<u32>word), <u32>(word >> 48), time)) return false;
  heldValue = foundBits;
  return true;
}

/** Seals the open chunk, if there is one. */
export function sealOpen(series: usize): void {
  const word = load<u64>(series, seriesWord);
  if (word == 0) return;
  const chunk = <usize>(<u32>word);
  const from = xorFirstTime(chunk);
  seal(series, word, from, load<i64>(series, seriesLastTime), 0);
  slabFree(load<u8>(series, seriesClass), chunk);
  atomic.store<u64>(series + seriesWord, 0);
}

function seal(series: usize, word: u64, from: i64, to: i64, late: u32): void {
  const chunk = <usize>(<u32>word);
  const samples = <u32>(word >> 48);
  const size = xorSize(word);
  store<u16>(chunk, bswap<u16>(<u16>samples));
  const reference = slabAlloc(slabClass(sealedTotal));
  if (reference == 0) return;
  store<u32>(reference, load<u32>(series, seriesSealed), sealedNext);
  store<u32>(reference, chunksFile, sealedFile);
  store<u64>(reference, chunksOffset, sealedOffset);
  store<i64>(reference, from, sealedMinTime);
  store<u32>(reference, <u32>(to - from), sealedSpan);
  store<u16>(reference, <u16>size, sealedSize);
  store<u16>(reference, <u16>(samples | late), sealedCount);
  store<u32>(series, <u32>reference, seriesSealed);
  store<u32>(crcBytes, crc32c(chunk, size));
  outboxPut(chunk, size);
  outboxPut(crcBytes, 4);
}

/** Seals the late samples of a series: one chunk per two-hour window. */
export function sealLate(series: usize): void {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return;
  const count = load<u32>(buffer, lateCount);
  let from: u32 = 0;
  while (from < count) {
    const next = lateEncode(buffer, from);
    const word = load<u64>(lateState, seriesWord);
    if (word == 0) return;
    const entry = buffer + lateEntries;
    const first = load<i64>(entry + from * lateEntrySize);
    seal(series, word, first, load<i64>(entry + (next - 1) * lateEntrySize), sealedLateBit);
    lateRelease();
    from = next;
  }
  lateFree(series);
}

/**
 * Encodes late samples from index `from` up to the end of their two-hour window into a chunk
 * of its own; returns the index behind them. `lateWord` and `lateRelease` give and take it.
 */
export function lateEncode(buffer: usize, from: u32): u32 {
  const count = load<u32>(buffer, lateCount);
  const entries = buffer + lateEntries;
  const border = borderBefore(load<i64>(entries + from * lateEntrySize));
  store<u64>(lateState, 0, seriesWord);
  let at = from;
  while (at < count) {
    const time = load<i64>(entries + at * lateEntrySize);
    const bits = load<u64>(entries + at * lateEntrySize, 8);
    if (at > from && borderBefore(time) != border) break;
    const done = at == from ? xorBegin(lateState, time, bits) : xorAppend(lateState, time, bits);
    if (!done) break;
    store<i64>(lateState, time, seriesLastTime);
    store<u64>(lateState, bits, seriesLastBits);
    at++;
  }
  return at;
}

/** Chunk word of what `lateEncode` made. */
export function lateWord(): u64 {
  return load<u64>(lateState, seriesWord);
}

/** Frees what `lateEncode` made. */
export function lateRelease(): void {
  const word = load<u64>(lateState, seriesWord);
  if (word != 0) slabFree(load<u8>(lateState, seriesClass), <usize>(<u32>word));
  store<u64>(lateState, 0, seriesWord);
}
