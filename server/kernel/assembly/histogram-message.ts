import {
  chunkSamplesMax,
  encodingXor,
  encodingXor2,
  messageEntryHead,
  reportEntries,
} from "../layout";
import { chunkSamples, decodeBegin, decodeNext } from "./histogram-decode";
import { encodedSizeMax } from "./histogram-encode";
import {
  customBounds,
  headerGauge,
  headerNotReset,
  headerReset,
  histogramCount,
  histogramHeader,
  histogramSchema,
  histogramStart,
  histogramSum,
  histogramTime,
  histogramUnits,
  histogramZeroCount,
  histogramZeroThreshold,
  isFloat,
  isStale,
  listOf,
  negativeBuckets,
  negativeSpans,
  other,
  positiveBuckets,
  positiveSpans,
} from "./histogram-record";
import { bufferEnsure, bufferResult } from "./memory";
import { report, reportView } from "./report";
import { writeVarint } from "./wire";

/** Histograms as remote write messages again: the form in which they move to another kernel. */

/** Place where the next byte goes. */
let at: usize = 0;

/**
 * Writes the histograms of a chunk as messages into the result, each behind f64 time and u32
 * size, padded to 8; reports how many. False when the bytes are no such chunk, or memory is out.
 */
export function chunkMessages(chunk: usize, size: u32, encoding: u32): bool {
  if (size < 3 || encoding == encodingXor || encoding == encodingXor2) return false;
  const samples = chunkSamples(chunk, encoding);
  if (samples > <u32>chunkSamplesMax) return false;
  if (!decodeBegin(other, chunk, size << 3, samples, encoding)) return false;
  const most = encodedSizeMax(<u32>histogramUnits(other)) + 32;
  const result = bufferEnsure(bufferResult, <usize>samples * (<usize>most + messageEntryHead));
  if (result == 0) return false;
  at = result;
  for (let i: u32 = 0; i < samples; i++) {
    if (i != 0 && !decodeNext(other)) return false;
    const head = at;
    at += messageEntryHead;
    writeMessage(other, i == 0 ? hintOf(other) : hintInside(other));
    store<f64>(head, <f64>load<i64>(other, histogramTime));
    store<u32>(head, <u32>(at - head - messageEntryHead), 8);
    at = (at + 7) & ~7;
  }
  store<u32>(report, samples, reportEntries);
  reportView(result, at - result);
  return true;
}

/** Reset hint of the wire that leads to the chunk's header again. */
function hintOf(record: usize): u32 {
  const header = <u32>load<u8>(record, histogramHeader) & headerGauge;
  if (header == headerReset) return 1;
  return header == headerGauge ? 3 : header == headerNotReset ? 2 : 0;
}

function hintInside(record: usize): u32 {
  return (<u32>load<u8>(record, histogramHeader) & headerGauge) == headerGauge ? 3 : 2;
}

function writeMessage(record: usize, hint: u32): void {
  const floats = isFloat(record);
  const stale = isStale(record);
  const count: u64 = stale ? 0 : load<u64>(record, histogramCount);
  if (floats) writeDouble(0x11, count);
  else writeInteger(0x08, count);
  writeDouble(0x19, load<u64>(record, histogramSum));
  if (!stale) {
    writeInteger(0x20, zigzag(<i64>load<i32>(record, histogramSchema)));
    writeDouble(0x29, load<u64>(record, histogramZeroThreshold));
    const zeroCount = load<u64>(record, histogramZeroCount);
    if (floats) writeDouble(0x39, zeroCount);
    else writeInteger(0x30, zeroCount);
    writeSpans(0x42, record, negativeSpans);
    writeBuckets(floats ? 0x52 : 0x4a, record, negativeBuckets);
    writeSpans(0x5a, record, positiveSpans);
    writeBuckets(floats ? 0x6a : 0x62, record, positiveBuckets);
  }
  writeInteger(0x70, <u64>hint);
  writeInteger(0x78, load<u64>(record, histogramTime));
  if (!stale) writeDoubles(0x82, record);
  writeStart(load<u64>(record, histogramStart));
}

/** Writes the start time; its tag takes two bytes. */
function writeStart(start: u64): void {
  if (start == 0) return;
  writeTag(0x88);
  writeTag(0x01);
  writeLong(start);
}

function zigzag(value: i64): u64 {
  return <u64>(value << 1) ^ <u64>(value >> 63);
}

function writeLong(value: u64): void {
  let rest = value;
  while (rest >= 0x80) {
    store<u8>(at, <u8>rest | 0x80);
    rest >>= 7;
    at++;
  }
  store<u8>(at, <u8>rest);
  at++;
}

function writeTag(tag: u8): void {
  store<u8>(at, tag);
  at++;
}

function writeInteger(tag: u8, value: u64): void {
  if (value == 0) return;
  writeTag(tag);
  writeLong(value);
}

function writeDouble(tag: u8, bits: u64): void {
  writeTag(tag);
  store<u64>(at, bits);
  at += 8;
}

function writeSpans(tag: u8, record: usize, list: usize): void {
  const length = load<u32>(record + list);
  for (let i: u32 = 0; i < length; i++) {
    const span = listOf(record, list) + (i << 3);
    writeTag(tag);
    const size = at;
    at++;
    writeInteger(0x08, zigzag(<i64>load<i32>(span)));
    writeInteger(0x10, <u64>load<u32>(span, 4));
    store<u8>(size, <u8>(at - size - 1));
  }
}

/** Writes a packed list of counts, or of differences between them. */
function writeBuckets(tag: u8, record: usize, list: usize): void {
  const length = load<u32>(record + list);
  if (length == 0) return;
  const from = listOf(record, list);
  writeTag(tag);
  if (isFloat(record)) {
    at = writeVarint(at, length << 3);
    memory.copy(at, from, length << 3);
    at += length << 3;
    return;
  }
  let size: u32 = 0;
  for (let i: u32 = 0; i < length; i++) size += longSize(zigzag(load<i64>(from + (i << 3))));
  at = writeVarint(at, size);
  for (let i: u32 = 0; i < length; i++) writeLong(zigzag(load<i64>(from + (i << 3))));
}

/** Bytes of a number as a varint. */
function longSize(value: u64): u32 {
  return (70 - <u32>clz<u64>(value | 1)) / 7;
}

/** Writes custom bounds; their tag takes two bytes. */
function writeDoubles(tag: u8, record: usize): void {
  const length = load<u32>(record, customBounds);
  if (length == 0) return;
  writeTag(tag);
  writeTag(0x01);
  at = writeVarint(at, length << 3);
  memory.copy(at, listOf(record, customBounds), length << 3);
  at += length << 3;
}
