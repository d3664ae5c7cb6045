/** Appends bits, the uppermost of a number first; grows as needed. */
export class BitWriter {
  /** Zero behind the last bit. */
  #bytes: Uint8Array;
  #bit: number;

  /** The first `headerSizeBytes` are left to `setHeader`. */
  constructor(headerSizeBytes: number) {
    this.#bytes = new Uint8Array(256);
    this.#bit = 8 * headerSizeBytes;
  }

  /** Sets a byte of the header. */
  setHeader(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Everything, the last byte filled up with zeros: the caller's own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, Math.ceil(this.#bit / 8));
  }

  /** Appends the lowest `width` bits (1 to 32); a negative number as two's complement. */
  bits(value: number, width: number): void {
    if (this.#bit + width > 8 * this.#bytes.length) this.#grow();
    let left = width;
    while (left > 0) {
      const room = 8 - (this.#bit & 7);
      const taken = Math.min(room, left);
      // Shifting takes the number modulo 2^32.
      const piece = (value >>> (left - taken)) & ((1 << taken) - 1);
      this.#bytes[this.#bit >>> 3]! |= piece << (room - taken);
      this.#bit += taken;
      left -= taken;
    }
  }

  /** Appends a float's two words. */
  words(high: number, low: number): void {
    this.bits(high, 32);
    this.bits(low, 32);
  }

  /** Appends a 64-bit integer in two's complement. */
  int64(value: number): void {
    this.bits(Math.floor(value / bitsOf32), 32);
    this.bits(value, 32);
  }

  /** Appends a varint as Go writes it. */
  uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bits((rest % 0x80) | 0x80, 8);
      rest = Math.floor(rest / 0x80);
    }
    this.bits(rest, 8);
  }

  /** Appends a signed varint as Go writes it, zigzag. */
  varint(value: number): void {
    this.uvarint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Appends Prometheus's variable width for signed numbers; `BitReader.varbitInt` has the layout. */
  varbitInt(value: number): void {
    let size = 0;
    while (size < lastSize && !fitsSigned(value, varbitWidths[size]!)) size++;
    this.#varbit(value, size);
  }

  /** Appends Prometheus's variable width for numbers that are not negative. */
  varbitUint(value: number): void {
    let size = 0;
    while (size < lastSize && value >= 2 ** varbitWidths[size]!) size++;
    this.#varbit(value, size);
  }

  #varbit(value: number, size: number): void {
    const width = varbitWidths[size]!;
    if (size === lastSize) this.bits(0xff, 8);
    else this.bits((1 << (size + 1)) - 2, size + 1);
    if (width > 32) {
      this.bits(Math.floor(value / bitsOf32), width - 32);
      this.bits(value, 32);
    } else if (width > 0) this.bits(value, width);
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const bitsOf32 = 0x1_0000_0000;

/** Widths by the number of ones that stand in front. */
export const varbitWidths: readonly number[] = [0, 3, 6, 9, 12, 18, 25, 56, 64];
const lastSize = varbitWidths.length - 1;

/** Whether Prometheus takes `width` bits for the number; the range is lopsided there. */
export function fitsSigned(value: number, width: number): boolean {
  if (width === 0) return value === 0;
  const half = 2 ** (width - 1);
  return value > -half && value <= half;
}
