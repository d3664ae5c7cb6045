/** A slow decoder of Prometheus's XOR chunks, bit by bit: the oracle of tests. */

/** A sample with its value as bits. */
export interface DecodedSample {
  readonly timeMs: number;
  readonly bits: bigint;
}

/** Decodes a whole chunk. Throws when its bits end early. */
export function decodeXor(chunk: Uint8Array): DecodedSample[] {
  const bits = new BitReader(chunk, 16);
  const count = ((chunk[0] ?? 0) << 8) | (chunk[1] ?? 0);
  const samples: DecodedSample[] = [];
  let [timeMs, delta] = [0n, 0n];
  let [value, leading, significant] = [0n, 0, 0];
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      const zigzag = bits.uvarint();
      timeMs = (zigzag >> 1n) ^ -(zigzag & 1n);
      value = bits.read(64);
    } else {
      delta = i === 1 ? bits.uvarint() : delta + changeOfDelta(bits);
      timeMs += delta;
      if (bits.read(1) === 1n) {
        if (bits.read(1) === 1n) {
          leading = Number(bits.read(5));
          significant = Number(bits.read(6)) || 64;
        }
        value ^= bits.read(significant) << BigInt(64 - leading - significant);
      }
    }
    samples.push({ timeMs: Number(timeMs), bits: value });
  }
  return samples;
}

function changeOfDelta(bits: BitReader): bigint {
  let prefix = 0;
  while (prefix < 4 && bits.read(1) === 1n) prefix++;
  const size = [0, 14, 17, 20, 64][prefix] ?? 0;
  if (size === 0) return 0n;
  const raw = bits.read(size);
  if (size === 64) return BigInt.asIntN(64, raw);
  return raw > 1n << BigInt(size - 1) ? raw - (1n << BigInt(size)) : raw;
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  read(count: number): bigint {
    let value = 0n;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError("the chunk ends early");
      value = (value << 1n) | BigInt((byte >> (7 - (this.#at & 7))) & 1);
      this.#at++;
    }
    return value;
  }

  uvarint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.read(8);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  }
}
