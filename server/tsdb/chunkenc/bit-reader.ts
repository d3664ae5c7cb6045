import { varbitWidths } from "./bit-writer.ts";
import { ChunkView, corruptChunk, read32, zigzag } from "./chunk-view.ts";
import type { XorValues } from "./xor-values.ts";

const bitsOf32 = 0x1_0000_0000;
/** Sizes up to this one take 32 bits with the ones in front: 7 and 25. */
const shortSize = 6;

/** Reads the bits of one chunk after the other. Whatever leads past the end throws CorruptionError. */
export class BitReader {
  readonly #chunk = new ChunkView();
  #bit = 0;
  #endBit = 0;

  /** Begins behind the header, which the bytes must hold. `sizeBytesMax`: at most 2^27. */
  open(bytes: Uint8Array, options: { headerSizeBytes: number; sizeBytesMax: number }): void {
    if (bytes.length < options.headerSizeBytes) throw corruptChunk(0, "is shorter than its header");
    this.#chunk.open(bytes, options.sizeBytesMax);
    this.#bit = 8 * options.headerSizeBytes;
    this.#endBit = 8 * bytes.length;
  }

  /** Bits that are left. */
  get remaining(): number {
    return this.#endBit - this.#bit;
  }

  /** The error for what is wrong at the current place. */
  fault(what: string): Error {
    return corruptChunk(this.#bit >>> 3, what);
  }

  /** Up to 32 bits, 1 at least, as a number that is not negative. */
  bits(width: number): number {
    const from = this.#bit;
    this.#bit = from + width;
    if (this.#bit > this.#endBit) throw this.fault("ends within a sample");
    return read32(this.#chunk.view, this.#chunk.base, from) >>> (32 - width);
  }

  /** A float, as bits at position `i`. */
  words(into: Uint32Array, i: number): void {
    into[2 * i + 1] = this.bits(32);
    into[2 * i] = this.bits(32);
  }

  /** Ones up to the first zero, which is passed over, or up to `max` (1 to 31). */
  ones(max: number): number {
    if (this.#bit >= this.#endBit) throw this.fault("ends within a sample");
    const window = read32(this.#chunk.view, this.#chunk.base, this.#bit);
    const count = Math.min(max, Math.clz32(~window));
    this.#bit += Math.min(max, count + 1);
    return count;
  }

  /** A 64-bit integer in two's complement. Rounded beyond 2^53. */
  int64(): number {
    const high = this.bits(32) | 0;
    return high * bitsOf32 + this.bits(32);
  }

  /** A varint as Go writes it, which may begin at any bit. Rounded beyond 2^53. */
  uvarint(): number {
    let value = 0;
    let unit = 1;
    for (let size = 0; size < 10; size++) {
      const byte = this.bits(8);
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw this.fault("has a varint that does not end");
  }

  /** A signed varint as Go writes it. */
  varint(): number {
    return zigzag(this.uvarint());
  }

  /**
   * A signed number of Prometheus's variable width: ones that count its size, a zero unless there
   * are eight, then 0, 3, 6, 9, 12, 18, 25, 56 or 64 bits. Rounded beyond 2^53.
   */
  varbitInt(): number {
    const from = this.#bit;
    if (from >= this.#endBit) throw this.fault("ends within a sample");
    const window = read32(this.#chunk.view, this.#chunk.base, from);
    if (window >= 0) {
      this.#bit = from + 1;
      return 0;
    }
    const ones = Math.min(8, Math.clz32(~window));
    if (ones > shortSize) return this.#longVarbitInt(ones);
    // Size and number lie within the window.
    const width = varbitWidths[ones]!;
    this.#bit = from + ones + 1 + width;
    if (this.#bit > this.#endBit) throw this.fault("ends within a sample");
    const bits = (window << (ones + 1)) >>> (32 - width);
    // The middle of the range counts as positive, unlike in two's complement.
    return bits > 1 << (width - 1) ? bits - (1 << width) : bits;
  }

  #longVarbitInt(ones: number): number {
    this.#bit += 8;
    if (varbitWidths[ones] === 64) return this.int64();
    const high = this.bits(24);
    const low = this.bits(32);
    const half = 2 ** 23;
    const isNegative = high > half || (high === half && low > 0);
    return (isNegative ? high - 2 * half : high) * bitsOf32 + low;
  }

  /** The same for numbers that are not negative. */
  varbitUint(): number {
    const width = varbitWidths[this.ones(8)]!;
    if (width === 0) return 0;
    if (width <= 25) return this.bits(width);
    const high = this.bits(width - 32);
    return high * bitsOf32 + this.bits(32);
  }

  /** Xors a change into value `i`; the layout of changes stands in `xor-decode.ts`. */
  xorInto(values: XorValues, i: number): void {
    const kind = this.ones(2);
    if (kind === 2) this.window(values, i);
    if (kind > 0) this.change(values, i);
  }

  /** Reads a new window for value `i`. */
  window(values: XorValues, i: number): void {
    const leading = this.bits(5);
    const width = this.bits(6) || 64;
    if (leading + width > 64) throw this.fault("has a float that is too wide");
    values.widths[i] = width;
    values.trailings[i] = 64 - leading - width;
  }

  /** Xors the bits in the window of value `i` into it. */
  change({ words, widths, trailings }: XorValues, i: number): void {
    const width = widths[i]!;
    const trailing = trailings[i]!;
    const upper = width > 32 ? this.bits(width - 32) : 0;
    const lower = this.bits(Math.min(width, 32));
    if (trailing >= 32) words[2 * i + 1]! ^= lower << (trailing - 32);
    else {
      words[2 * i]! ^= lower << trailing;
      words[2 * i + 1]! ^= (upper << trailing) | ((lower >>> 1) >>> (31 - trailing));
    }
  }
}
