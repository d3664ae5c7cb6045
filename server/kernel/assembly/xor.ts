import { fits, peek, putBits, putWide, putXor, writeZigzag } from "./bits";
import { slabAlloc, slabClassSize, slabFree } from "./slab";
import {
  seriesClass,
  seriesDelta,
  seriesLastBits,
  seriesLastTime,
  seriesLeading,
  seriesTrailing,
  seriesWord,
} from "./structs";
import { readVarint, wireAt, writeVarint } from "./wire";

/**
 * Prometheus's XOR chunk (tsdb/docs/format/chunks.md), bit for bit: u16 sample count
 * big-endian, then the samples. The writer works on the append state of a series, and grows a
 * slab before the scratch bytes behind the last bit would pass its end.
 */

/** First slab of a chunk: 48 bytes hold the first sample and a few more. */
const firstClass: u32 = 2;
const tailScratch: u32 = 8;

/** Begins the open chunk of a series with its first sample; false when memory is out. */
export function xorBegin(series: usize, time: i64, bits: u64): bool {
  const chunk = slabAlloc(firstClass);
  if (chunk == 0) return false;
  store<u16>(chunk, 0);
  const at = writeZigzag(chunk + 2, time);
  store<u64>(at, bswap<u64>(bits));
  const position = (<u32>(at + 8 - chunk)) << 3;
  store<u8>(series, firstClass, seriesClass);
  store<u8>(series, 0xff, seriesLeading);
  store<u32>(series, 0, seriesDelta);
  publish(series, chunk, position, 1);
  return true;
}

/** Makes pointer, bits and samples visible to readers of other threads in one store. */
function publish(series: usize, chunk: usize, position: u32, samples: u32): void {
  const word = ((<u64>samples) << 48) | ((<u64>position) << 32) | <u64>chunk;
  atomic.store<u64>(series + seriesWord, word);
}

/** Appends a sample behind the last one of a begun chunk; false when memory is out. */
export function xorAppend(series: usize, time: i64, bits: u64): bool {
  const word = load<u64>(series, seriesWord);
  const samples = <u32>(word >> 48);
  let position = <u32>(word >> 32) & 0xffff;
  let chunk = <usize>(<u32>word);
  const delta = <u32>(time - load<i64>(series, seriesLastTime));
  const xor = bits ^ load<u64>(series, seriesLastBits);
  // The longest sample has 4 + 64 bits of time and 2 + 5 + 6 + 64 of value: 19 bytes.
  const size = <u32>slabClassSize(load<u8>(series, seriesClass));
  if ((position >> 3) + 19 + tailScratch > size) {
    const needed = sampleBits(series, samples, delta, xor);
    if (((position + needed) >> 3) + tailScratch > size) {
      chunk = grow(series, chunk, size, ((position + needed) >> 3) + tailScratch);
      if (chunk == 0) return false;
    }
  }
  if (samples == 1) {
    const end = writeVarint(chunk + (position >> 3), delta);
    position = (<u32>(end - chunk)) << 3;
  } else {
    position = putTime(chunk, position, <i64>delta - <i64>load<u32>(series, seriesDelta));
  }
  position = putXor(series + seriesLeading, chunk, position, xor);
  store<u32>(series, delta, seriesDelta);
  publish(series, chunk, position, samples + 1);
  return true;
}

/** Bits that the next sample takes, or a little more. */
function sampleBits(series: usize, samples: u32, delta: u32, xor: u64): u32 {
  let bits: u32 = 40;
  if (samples > 1) {
    const change = <i64>delta - <i64>load<u32>(series, seriesDelta);
    bits =
      change == 0 ? 1 : fits(change, 14) ? 16 : fits(change, 17) ? 20 : fits(change, 20) ? 24 : 68;
  }
  if (xor == 0) return bits + 1;
  const leading = load<u8>(series, seriesLeading);
  const trailing = load<u8>(series, seriesTrailing);
  const newLeading = min<u32>(<u32>clz<u64>(xor), 31);
  const newTrailing = <u32>ctz<u64>(xor);
  if (leading != 0xff && newLeading >= leading && newTrailing >= trailing) {
    return bits + 2 + 64 - leading - trailing;
  }
  return bits + 13 + 64 - newLeading - newTrailing;
}

function grow(series: usize, chunk: usize, size: u32, needed: u32): usize {
  const old = <u32>load<u8>(series, seriesClass);
  let slab = old + 1;
  while (<u32>slabClassSize(slab) < needed) slab++;
  const wider = slabAlloc(slab);
  if (wider == 0) return 0;
  memory.copy(wider, chunk, size);
  slabFree(old, chunk);
  store<u8>(series, slab, seriesClass);
  return wider;
}

function putTime(chunk: usize, position: u32, change: i64): u32 {
  if (change == 0) {
    putBits(chunk, position, 0, 1);
    return position + 1;
  }
  if (fits(change, 14)) {
    putBits(chunk, position, (2 << 14) | (<u64>change & 0x3fff), 16);
    return position + 16;
  }
  if (fits(change, 17)) {
    putBits(chunk, position, (6 << 17) | (<u64>change & 0x1ffff), 20);
    return position + 20;
  }
  if (fits(change, 20)) {
    putBits(chunk, position, (14 << 20) | (<u64>change & 0xfffff), 24);
    return position + 24;
  }
  putBits(chunk, position, 15, 4);
  return putWide(chunk, position + 4, <u64>change, 64);
}

/** Bytes of the open chunk. */
export function xorSize(word: u64): usize {
  return <usize>(((<u32>(word >> 32) & 0xffff) + 7) >> 3);
}

/** Time of a chunk's first sample. */
export function xorFirstTime(chunk: usize): i64 {
  const zigzag = readVarint(chunk + 2, chunk + 12);
  return <i64>(zigzag >> 1) ^ -(<i64>zigzag & 1);
}

/** Value bits of the sample found by `xorFind`. */
export let foundBits: u64 = 0;

let readLeading: u32 = 0;
let readSignificant: u32 = 0;

/** Looks for a sample of exactly this time in a chunk of `samples` samples. */
export function xorFind(chunk: usize, samples: u32, time: i64): bool {
  let at = xorFirstTime(chunk);
  let position = (<u32>(wireAt - chunk)) << 3;
  let bits = bswap<u64>(load<u64>(wireAt));
  position += 64;
  let delta: i64 = 0;
  for (let i: u32 = 1; ; i++) {
    if (at >= time || i >= samples) break;
    if (i == 1) {
      delta = <i64>readVarint(chunk + (position >> 3), chunk + (position >> 3) + 10);
      position = (<u32>(wireAt - chunk)) << 3;
    } else {
      const word = peek(chunk, position);
      const size = changeBits(word);
      delta += changeOf(chunk, position, word, size);
      position += size == 64 ? 68 : size == 0 ? 1 : size + (size == 14 ? 2 : size == 17 ? 3 : 4);
    }
    at += delta;
    const size = valueBits(chunk, position);
    if (size > 1) bits ^= valueXor(chunk, position + size - readSignificant);
    position += size;
  }
  foundBits = bits;
  return at == time;
}

/** Bits of the change of delta behind its prefix. */
function changeBits(word: u64): u32 {
  const ones = <u32>clz<u64>(~word);
  return ones == 0 ? 0 : ones == 1 ? 14 : ones == 2 ? 17 : ones == 3 ? 20 : 64;
}

function changeOf(chunk: usize, position: u32, word: u64, size: u32): i64 {
  if (size == 0) return 0;
  if (size == 64) return <i64>peek(chunk, position + 4);
  const prefix: u64 = size == 14 ? 2 : size == 17 ? 3 : 4;
  const raw = <i64>((word << prefix) >> <u64>(64 - size));
  const half: i64 = 1 << (<i64>(size - 1));
  return raw > half ? raw - (half << 1) : raw;
}

/** Bits of the value at `position`, prefix included; sets what `valueXor` needs. */
function valueBits(chunk: usize, position: u32): u32 {
  const word = peek(chunk, position);
  if (<i64>word >= 0) return 1;
  if (word >> 62 == 2) return 2 + readSignificant;
  readLeading = <u32>(word >> 57) & 31;
  readSignificant = <u32>(word >> 51) & 63;
  if (readSignificant == 0) readSignificant = 64;
  return 13 + readSignificant;
}

function valueXor(chunk: usize, position: u32): u64 {
  const raw = peek(chunk, position) >> <u64>(64 - readSignificant);
  return raw << (<u64>(64 - readLeading - readSignificant));
}
