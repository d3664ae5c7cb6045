import {
  ChunkView,
  corruptChunk,
  read32,
  varintSizeBytes,
  varintValue,
  zigzag,
} from "./chunk-view.ts";
import { reserveSamples, type SampleColumns } from "./columns.ts";

/**
 * Reads Prometheus's XOR chunks (tsdb/chunkenc/xor.go there), straight into columns:
 *
 *   2 bytes   number of samples, big-endian
 *   first     time as zigzag varint, value as 8 bytes big-endian
 *   second    time delta as uvarint, value as below
 *   further   delta of the time delta: 0 | 10 + 14 bits | 110 + 17 | 1110 + 20 | 1111 + 64;
 *             value xor the former: 0 (same) | 10 + the bits that the last window spans |
 *             11 + 5 bits leading zeros + 6 bits width (0 means 64) + that many bits
 *
 * The loop reads 32-bit windows and keeps a value as two words, so nothing but numbers lives
 * in it: no bigint, no object, no allocation.
 */

/** A closed range of time; samples outside are left out. */
export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

/** Reads chunks one after the other; holds only scratch space, so any chunk may follow any. */
export interface XorDecoder {
  /**
   * Appends the samples within `range` to `into` and returns how many the chunk holds.
   * Throws CorruptionError (file "chunk", offset within `bytes`) when the bytes are not such
   * a chunk or its times do not ascend; `into.length` is then what it was. Samples behind
   * `range.endMs` are not looked at. Times are exact up to 2^51 ms either way.
   */
  decode(bytes: Uint8Array, range: TimeRange, into: SampleColumns): number;
}

/** 65,535 samples of 145 bits and a header; more is no chunk. Keeps bit positions below 2^31. */
const chunkSizeBytesMax = 2 * 1024 * 1024;
/** Where samples begin. */
const headerSizeBytes = 2;
const bitsOf32 = 0x1_0000_0000;

/** Where a chunk lies in the view's buffer, and what is wanted of it. Reused. */
interface Place {
  base: number;
  sizeBytes: number;
  samples: number;
  startMs: number;
  endMs: number;
}

/** Makes a decoder; one per thread is enough. */
export function createXorDecoder(): XorDecoder {
  return new Decoder();
}

class Decoder implements XorDecoder {
  readonly #chunk = new ChunkView();
  readonly #place: Place = { base: 0, sizeBytes: 0, samples: 0, startMs: 0, endMs: 0 };

  decode(bytes: Uint8Array, range: TimeRange, into: SampleColumns): number {
    if (bytes.length < headerSizeBytes) throw corruptChunk(0, "is shorter than its header");
    this.#chunk.open(bytes, chunkSizeBytesMax);
    const { view } = this.#chunk;
    const place = this.#place;
    place.base = this.#chunk.base;
    place.sizeBytes = bytes.length;
    place.samples = view.getUint16(place.base);
    place.startMs = range.startMs;
    place.endMs = range.endMs;
    if (place.samples === 0) return 0;
    reserveSamples(into, place.samples);
    const lengthBefore = into.length;
    const faultAt = decodeSamples(view, place, into);
    if (faultAt >= 0) {
      into.length = lengthBefore;
      throw corruptChunk(faultAt, `has no valid sample here, ${place.samples} announced`);
    }
    return place.samples;
  }
}

/**
 * The loop. Returns -1 when all is well, otherwise the byte of the chunk at which it is not.
 * Positions are bits from the chunk's first byte.
 */
function decodeSamples(view: DataView, place: Place, into: SampleColumns): number {
  const { base, samples, startMs, endMs } = place;
  const endBit = place.sizeBytes * 8;
  const { timesMs, words } = into;
  let to = into.length;
  const firstSizeBytes = varintSizeBytes(view, base + headerSizeBytes);
  let timeMs = zigzag(varintValue(view, base + headerSizeBytes, firstSizeBytes));
  let bit = (headerSizeBytes + firstSizeBytes) * 8;
  let high = read32(view, base, bit);
  let low = read32(view, base, bit + 32);
  bit += 64;
  let deltaMs = 0;
  let width = 64;
  let trailing = 0;
  for (let i = 0; bit <= endBit && timeMs <= endMs; ) {
    if (timeMs >= startMs) {
      timesMs[to] = timeMs;
      words[2 * to] = low;
      words[2 * to + 1] = high;
      to++;
    }
    if (++i === samples) break;
    if (i === 1) {
      const sizeBytes = varintSizeBytes(view, base + (bit >>> 3));
      deltaMs = varintValue(view, base + (bit >>> 3), sizeBytes);
      bit += sizeBytes * 8;
    } else {
      const window = view.getUint32(base + (bit >>> 3)) << (bit & 7);
      if (window >= 0) bit += 1;
      else if (window >>> 28 === 0b1111) {
        deltaMs += read32(view, base, bit + 4) * bitsOf32 + (read32(view, base, bit + 36) >>> 0);
        bit += 68;
      } else {
        deltaMs += deltaOfDelta(window);
        bit += deltaOfDeltaWidth(window);
      }
    }
    if (deltaMs <= 0) return bit >>> 3;
    timeMs += deltaMs;
    const control = view.getUint32(base + (bit >>> 3)) << (bit & 7);
    if (control >= 0) {
      bit += 1;
      continue;
    }
    if ((control & 0x4000_0000) === 0) bit += 2;
    else {
      width = (control << 7) >>> 26 || 64;
      trailing = 64 - width - ((control << 2) >>> 27);
      if (trailing < 0) return bit >>> 3;
      bit += 13;
    }
    if (width <= 32) {
      const bits = read32(view, base, bit) >>> (32 - width);
      if (trailing >= 32) high ^= bits << (trailing - 32);
      else {
        low ^= bits << trailing;
        high ^= (bits >>> 1) >>> (31 - trailing);
      }
    } else {
      const lower = read32(view, base, bit + width - 32);
      low ^= lower << trailing;
      high ^= (read32(view, base, bit) >>> (64 - width)) << trailing;
      high ^= (lower >>> 1) >>> (31 - trailing);
    }
    bit += width;
  }
  if (bit > endBit) return place.sizeBytes;
  into.length = to;
  return -1;
}

/** The delta of deltas in a window that starts with 10, 110 or 1110. */
function deltaOfDelta(window: number): number {
  if ((window & 0x4000_0000) === 0) return signed((window << 2) >>> 18, 14);
  if ((window & 0x2000_0000) === 0) return signed((window << 3) >>> 15, 17);
  return signed((window << 4) >>> 12, 20);
}

/** Bits that prefix and delta of deltas take together in such a window. */
function deltaOfDeltaWidth(window: number): number {
  if ((window & 0x4000_0000) === 0) return 2 + 14;
  return (window & 0x2000_0000) === 0 ? 3 + 17 : 4 + 20;
}

/** Prometheus's signed numbers of `width` bits: the upper half of the range is negative. */
function signed(bits: number, width: number): number {
  return bits > 1 << (width - 1) ? bits - (1 << width) : bits;
}
