import { peek, putBits, putWide, varbitBits, varbitInt } from "./bits";
import { encoded } from "./histogram-encode";
import { staleBits } from "./histogram-record";
import { slabAlloc, slabClass, slabClassSize, slabFree } from "./slab";
import { putStart, startChangeMax, startDistance, startHeader, startLast } from "./start-times";
import {
  flagXor2,
  seriesClass,
  seriesDelta,
  seriesFlags,
  seriesLastTime,
  seriesLeading,
  seriesTrailing,
  seriesWord,
} from "./structs";

/**
 * Prometheus's XOR2 chunk (tsdb/chunkenc/xor2.go there), bit for bit: u16 sample count, header of
 * start times, samples with one prefix for time and value. What its writer needs beside the append
 * state of a series stands in a record, from the series' delta on; it lives as long as the chunk.
 */

/** Behind the state of start times: the value that changes are told from, and the time's delta. */
const stateValue: usize = 16;
const stateDelta: usize = 24;
const stateSize: usize = 32;
const headSize: u32 = 3;
const tailScratch: u32 = 8;

function stateOf(series: usize): usize {
  return load<u32>(series, seriesDelta);
}

/** Begins the open chunk of a series with its first sample; false when memory is out. */
export function xor2Begin(series: usize, time: i64, bits: u64, start: i64): bool {
  const state = slabAlloc(slabClass(stateSize));
  if (state == 0) return false;
  memory.fill(state, 0, stateSize);
  store<u32>(encoded, 0);
  let at: u32 = headSize << 3;
  at = putUnsigned(at, <u64>(time << 1) ^ <u64>(time >> 63));
  at = putWide(encoded, at, bits, 64);
  at = putStart(state, encoded, at, 0, 0, time, start);
  store<u8>(encoded, startHeader, 2);
  if (bits != staleBits) store<u64>(state, bits, stateValue);
  const size = (at + 7) >> 3;
  const slab = slabClass(size + tailScratch);
  const chunk = slabAlloc(slab);
  if (chunk == 0) return false;
  memory.copy(chunk, encoded, size);
  store<u8>(series, slab, seriesClass);
  store<u8>(series, 0xff, seriesLeading);
  store<u32>(series, <u32>state, seriesDelta);
  store<u8>(series, load<u8>(series, seriesFlags) | flagXor2, seriesFlags);
  publish(series, chunk, at, 1);
  return true;
}

function putUnsigned(position: u32, value: u64): u32 {
  let rest = value;
  let at = position;
  while (rest >= 0x80) {
    putBits(encoded, at, (rest & 0x7f) | 0x80, 8);
    rest >>= 7;
    at += 8;
  }
  putBits(encoded, at, rest, 8);
  return at + 8;
}

function publish(series: usize, chunk: usize, position: u32, samples: u32): void {
  const word = ((<u64>samples) << 48) | ((<u64>position) << 32) | <u64>chunk;
  atomic.store<u64>(series + seriesWord, word);
}

/** Appends a sample behind the last one of a begun chunk; false when memory is out. */
export function xor2Append(series: usize, time: i64, bits: u64, start: i64): bool {
  const word = load<u64>(series, seriesWord);
  const samples = <u32>(word >> 48);
  const position = <u32>(word >> 32) & 0xffff;
  let chunk = <usize>(<u32>word);
  const state = stateOf(series);
  const whole = position >> 3;
  store<u8>(encoded, (position & 7) == 0 ? 0 : load<u8>(chunk + whole));
  const before = load<i64>(series, seriesLastTime);
  const delta = <u32>(time - before);
  let at = position & 7;
  if (samples == 1) at = putValue(series, putUnsigned(at, <u64>delta), bits);
  else at = putJoint(series, at, <i64>delta - <i64>load<u32>(state, stateDelta), bits);
  const header = <u32>load<u8>(chunk, 2);
  at = putStart(state, encoded, at, header, samples, before, start);
  store<u32>(state, delta, stateDelta);
  if (bits != staleBits) store<u64>(state, bits, stateValue);
  const added = (at + 7) >> 3;
  const old = <u32>load<u8>(series, seriesClass);
  if (whole + added + tailScratch > <u32>slabClassSize(old)) {
    const slab = slabClass(whole + added + tailScratch);
    const wider = slabAlloc(slab);
    if (wider == 0) return false;
    memory.copy(wider, chunk, whole);
    slabFree(old, chunk);
    store<u8>(series, slab, seriesClass);
    chunk = wider;
  }
  memory.copy(chunk + whole, encoded, added);
  store<u8>(chunk, startHeader, 2);
  publish(series, chunk, (whole << 3) + at, samples + 1);
  return true;
}

/** Time and value of the third sample and those behind. */
function putJoint(series: usize, position: u32, change: i64, bits: u64): u32 {
  if (change == 0) {
    if (bits == staleBits) return put(position, 31, 5);
    const xor = bits ^ load<u64>(stateOf(series), stateValue);
    return xor == 0 ? put(position, 0, 1) : putChange(series, position, xor, 2, 1);
  }
  const raw = <u64>change;
  let at: u32;
  if (change >= -4096 && change < 4096) at = put(position, (6 << 13) | (raw & 0x1fff), 16);
  else if (change >= -524288 && change < 524288) {
    at = put(position, (14 << 20) | (raw & 0xfffff), 24);
  } else at = putWide(encoded, put(position, 30, 5), raw, 64);
  return putValue(series, at, bits);
}

/** A value behind a time that has a place of its own. */
function putValue(series: usize, position: u32, bits: u64): u32 {
  if (bits == staleBits) return put(position, 7, 3);
  const xor = bits ^ load<u64>(stateOf(series), stateValue);
  return xor == 0 ? put(position, 0, 1) : putChange(series, position, xor, 1, 2);
}

/** A change that is not nothing: `one`, then in `size` bits whether it opens a window. */
function putChange(series: usize, position: u32, xor: u64, joint: u32, size: u32): u32 {
  const leading = <u32>load<u8>(series, seriesLeading);
  const trailing = <u32>load<u8>(series, seriesTrailing);
  const newLeading = min<u32>(<u32>clz<u64>(xor), 31);
  const newTrailing = <u32>ctz<u64>(xor);
  const prefix: u64 = joint == 2 ? 2 : 1;
  const at = put(position, prefix, joint);
  if (leading != 0xff && newLeading >= leading && newTrailing >= trailing) {
    return putWide(encoded, put(at, 0, 1), xor >> trailing, 64 - leading - trailing);
  }
  store<u8>(series, newLeading, seriesLeading);
  store<u8>(series, newTrailing, seriesTrailing);
  const significant = 64 - newLeading - newTrailing;
  const head = put(at, size == 2 ? 2 : 1, size);
  const window = put(head, (newLeading << 6) | (significant & 63), 11);
  return putWide(encoded, window, xor >> newTrailing, significant);
}

function put(position: u32, value: u64, count: u32): u32 {
  putBits(encoded, position, value, count);
  return position + count;
}

/** Frees what the writer of a series' chunk needed; the chunk is sealed or gone. */
export function xor2Forget(series: usize): void {
  const flags = load<u8>(series, seriesFlags);
  if ((flags & flagXor2) == 0) return;
  slabFree(slabClass(stateSize), stateOf(series));
  store<u32>(series, 0, seriesDelta);
  store<u8>(series, flags & ~flagXor2, seriesFlags);
}

/** The sample that was read last, and what the writer would need behind it. */
export let xor2Time: i64 = 0;
export let xor2Bits: u64 = 0;
let value: u64 = 0;
let delta: i64 = 0;
let leading: u32 = 0;
let trailing: u32 = 0;
let start: i64 = 0;
let distance: i64 = 0;
/** Bits read. */
let at: u32 = 0;
let broken: bool = false;

/**
 * Reads a chunk up to the first sample that is not older than `until`, or to the last one; false
 * when its bits, of which it has `end`, are no such chunk.
 */
export function xor2Read(chunk: usize, end: u32, samples: u32, until: i64): bool {
  broken = false;
  at = headSize << 3;
  value = 0;
  delta = 0;
  leading = 0xff;
  distance = 0;
  const header = <u32>load<u8>(chunk, 2);
  const zigzag = takeUnsigned(chunk);
  xor2Time = <i64>(zigzag >> 1) ^ -(<i64>zigzag & 1);
  xor2Bits = take(chunk, 64);
  if (xor2Bits != staleBits) value = xor2Bits;
  start = 0;
  if ((header & 0x80) != 0) {
    const raw = takeUnsigned(chunk);
    start = xor2Time - (<i64>(raw >> 1) ^ -(<i64>raw & 1));
  }
  const changeOn = header & startChangeMax;
  for (let i: u32 = 1; i < samples && xor2Time < until && !broken && at <= end; i++) {
    const before = xor2Time;
    if (i == 1) {
      delta = <i64>takeUnsigned(chunk);
      takeValue(chunk);
    } else takeJoint(chunk);
    xor2Time += delta;
    if (xor2Bits != staleBits) value = xor2Bits;
    if (changeOn == 0 || i < changeOn) continue;
    const word = peek(chunk, at);
    const change = varbitInt(chunk, at, word);
    at += varbitBits(word);
    distance = i == changeOn ? change : distance + change;
    start = before - distance;
  }
  return !broken && at <= end;
}

function take(chunk: usize, count: u32): u64 {
  const found = peek(chunk, at) >> <u64>(64 - count);
  at += count;
  return found;
}

function takeUnsigned(chunk: usize): u64 {
  let found: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    const byte = take(chunk, 8);
    found |= (byte & 0x7f) << shift;
    if (byte < 0x80) return found;
  }
  broken = true;
  return 0;
}

function takeJoint(chunk: usize): void {
  const ones = min<u32>(<u32>clz<u64>(~peek(chunk, at)), 5);
  at += min<u32>(ones + 1, 5);
  if (ones == 0) xor2Bits = value;
  else if (ones == 1) takeChange(chunk, take(chunk, 1) != 0);
  else if (ones == 5) xor2Bits = staleBits;
  else {
    const size: u64 = ones == 2 ? 13 : ones == 3 ? 20 : 64;
    const raw = <i64>take(chunk, <u32>size);
    delta += (raw << (64 - size)) >> (64 - size);
    takeValue(chunk);
  }
}

function takeValue(chunk: usize): void {
  const ones = min<u32>(<u32>clz<u64>(~peek(chunk, at)), 3);
  at += min<u32>(ones + 1, 3);
  if (ones == 0) xor2Bits = value;
  else if (ones == 3) xor2Bits = staleBits;
  else takeChange(chunk, ones == 2);
}

function takeChange(chunk: usize, opens: bool): void {
  if (opens) {
    leading = <u32>take(chunk, 5);
    const significant = <u32>take(chunk, 6);
    trailing = 64 - leading - (significant == 0 ? 64 : significant);
  }
  if (leading > 63 || trailing > 63 || leading + trailing > 63) {
    broken = true;
    return;
  }
  xor2Bits = value ^ (take(chunk, 64 - leading - trailing) << (<u64>trailing));
}

/** Time of the first sample of a chunk. */
export function xor2FirstTime(chunk: usize): i64 {
  at = headSize << 3;
  const zigzag = takeUnsigned(chunk);
  return <i64>(zigzag >> 1) ^ -(<i64>zigzag & 1);
}

/**
 * Gives a series whose open chunk was just read to its end what the writer needs to go on; false
 * when memory is out or the chunk has other bits than were read.
 */
export function xor2Resume(series: usize, bits: u32): bool {
  const state = at == bits ? slabAlloc(slabClass(stateSize)) : 0;
  if (state == 0) return false;
  store<i64>(state, start, startLast);
  store<i64>(state, distance, startDistance);
  store<u64>(state, value, stateValue);
  store<u32>(state, <u32>delta, stateDelta);
  store<u8>(series, leading, seriesLeading);
  store<u8>(series, trailing, seriesTrailing);
  store<u32>(series, <u32>state, seriesDelta);
  store<u8>(series, load<u8>(series, seriesFlags) | flagXor2, seriesFlags);
  return true;
}
