import { chunkBorderMs, encodingToStarts, encodingXor, encodingXor2 } from "../layout";
import { crc32c } from "./crc32c";
import {
  histogramBits,
  histogramFirstTime,
  histogramHasStarts,
  histogramHeader,
  histogramKind,
  lastHistogram,
} from "./histogram-record";
import { chunksFile, chunksOffset, outboxPut } from "./outbox";
import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  flagXor2,
  sealedCount,
  sealedEncodingShift,
  sealedFile,
  sealedMinTime,
  sealedNext,
  sealedOffset,
  sealedSize,
  sealedSpan,
  sealedTotal,
  seriesClass,
  seriesFlags,
  seriesLastTime,
  seriesSealed,
  seriesWord,
} from "./structs";
import { xorFirstTime } from "./xor";
import { xor2FirstTime, xor2Forget } from "./xor2";

/**
 * Sealing writes a chunk's bytes to the outbox and leaves a 32-byte reference. What an open chunk
 * is, whatever its encoding, is said here too.
 */

/** Two-hour window of the sample looked at last; most samples of a batch share it. */
let windowFrom: i64 = 0;
let windowTo: i64 = 0;

const crcBytes: usize = memory.data(8, 8);

/** First time of the two-hour window that holds `time`; windows lie at multiples of 2 h. */
export function borderBefore(time: i64): i64 {
  if (time < windowFrom || time >= windowTo) {
    let number = time / chunkBorderMs;
    if (time < 0 && number * chunkBorderMs != time) number--;
    windowFrom = number * chunkBorderMs;
    windowTo = windowFrom + chunkBorderMs;
  }
  return windowFrom;
}

/** Encoding of the open chunk of a series. */
export function openEncoding(series: usize): u32 {
  const record = lastHistogram(series);
  if (record == 0) return isXor2(series) ? encodingXor2 : encodingXor;
  const kind = <u32>load<u8>(record, histogramKind);
  return load<u8>(record, histogramHasStarts) == 0 ? kind : kind + encodingToStarts;
}

function isXor2(series: usize): bool {
  return (load<u8>(series, seriesFlags) & flagXor2) != 0;
}

/** The first two bytes of the open chunk: its count, with the flags of histograms above it. */
export function openCount(series: usize): u16 {
  const count = <u16>(load<u64>(series, seriesWord) >> 48);
  const record = lastHistogram(series);
  if (record == 0 || load<u8>(record, histogramHasStarts) == 0) return bswap<u16>(count);
  return bswap<u16>(count | ((<u16>load<u8>(record, histogramHeader)) << 8));
}

/** Bits of the open chunk of a series; 0 when there is none. */
export function openBits(series: usize): u32 {
  const word = load<u64>(series, seriesWord);
  const record = lastHistogram(series);
  if (record == 0 || word == 0) return <u32>(word >> 32) & 0xffff;
  return load<u32>(record, histogramBits);
}

/** Bytes of the open chunk of a series. */
export function openSize(series: usize): usize {
  return <usize>((openBits(series) + 7) >> 3);
}

/** Time of the first sample of the open chunk, which there must be. */
export function openFirstTime(series: usize): i64 {
  const record = lastHistogram(series);
  if (record != 0) return load<i64>(record, histogramFirstTime);
  const chunk = <usize>(<u32>load<u64>(series, seriesWord));
  return isXor2(series) ? xor2FirstTime(chunk) : xorFirstTime(chunk);
}

/** How a reference's count tells an encoding: not at all when it is XOR. */
export function sealedEncodingOf(encoding: u32): u32 {
  return encoding == encodingXor ? 0 : encoding << sealedEncodingShift;
}

/** Encoding that such a count tells. */
export function encodingOfCount(count: u32): u32 {
  const encoding = (count >> sealedEncodingShift) & 7;
  return encoding == 0 ? encodingXor : encoding;
}

/** Seals the open chunk of a series, if there is one. */
export function sealOpen(series: usize): void {
  sealFor(series, series, 0);
}

/** Seals the open chunk of `series` as one of `owner`; `marks` go into the reference's count. */
export function sealFor(owner: usize, series: usize, marks: u32): void {
  const word = load<u64>(series, seriesWord);
  if (word == 0) return;
  const chunk = <usize>(<u32>word);
  const size = openSize(series);
  store<u16>(chunk, openCount(series));
  const reference = slabAlloc(slabClass(sealedTotal));
  if (reference != 0) {
    const from = openFirstTime(series);
    const encoding = openEncoding(series);
    store<u32>(reference, load<u32>(owner, seriesSealed), sealedNext);
    store<u32>(reference, chunksFile, sealedFile);
    store<u64>(reference, chunksOffset, sealedOffset);
    store<i64>(reference, from, sealedMinTime);
    store<u32>(reference, <u32>(load<i64>(series, seriesLastTime) - from), sealedSpan);
    store<u16>(reference, <u16>size, sealedSize);
    const count = <u32>(word >> 48) | marks;
    store<u16>(reference, <u16>(count | sealedEncodingOf(encoding)), sealedCount);
    store<u32>(owner, <u32>reference, seriesSealed);
    store<u32>(crcBytes, crc32c(chunk, size));
    outboxPut(chunk, size);
    outboxPut(crcBytes, 4);
  }
  slabFree(load<u8>(series, seriesClass), chunk);
  atomic.store<u64>(series + seriesWord, 0);
  xor2Forget(series);
}
