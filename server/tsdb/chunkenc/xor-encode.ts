import { assert } from "../../platform/base/index.ts";
import { uvarintSizeBytes, writeUvarint } from "../../platform/encoding/index.ts";
import type { SampleColumns } from "./columns.ts";

/** Samples that the two-byte count of a chunk can tell. */
const chunkSamplesMax = 65_535;
/** The most bits of one sample: 4 + 64 for the time, 2 + 5 + 6 + 64 for the value. */
const sampleBitsMax = 145;
const bitsOf32 = 0x1_0000_0000;

/** Bits are appended here; `bytes` is zero behind `bit`. */
interface BitWriter {
  readonly bytes: Uint8Array;
  bit: number;
}

/**
 * Writes samples `[from, to)` as one XOR chunk, byte for byte as Prometheus does; the layout
 * stands in `xor-decode.ts`. Times must ascend and be exact (up to 2^51 ms). For blocks and
 * tests: on the write path the kernel encodes.
 * @public
 */
export function encodeXor(columns: SampleColumns, from: number, to: number): Uint8Array {
  assert(to - from <= chunkSamplesMax, "a chunk holds at most 65,535 samples");
  const sizeBytesMax = 2 + 10 + Math.ceil(((to - from) * sampleBitsMax) / 8);
  const writer: BitWriter = { bytes: new Uint8Array(sizeBytesMax + 8), bit: 16 };
  new DataView(writer.bytes.buffer).setUint16(0, to - from);
  const window = { leading: 0xff, trailing: 0 };
  let deltaMs = 0;
  for (let i = from; i < to; i++) {
    const timeMs = columns.timesMs[i]!;
    const lastTimeMs = i === from ? 0 : columns.timesMs[i - 1]!;
    assert(i === from || timeMs > lastTimeMs, "samples of a chunk ascend in time");
    if (i === from) writeVarint(writer, timeMs < 0 ? -2 * timeMs - 1 : 2 * timeMs);
    else if (i === from + 1) writeVarint(writer, timeMs - lastTimeMs);
    else writeDeltaOfDelta(writer, timeMs - lastTimeMs - deltaMs);
    deltaMs = timeMs - lastTimeMs;
    const low = columns.words[2 * i]!;
    const high = columns.words[2 * i + 1]!;
    if (i === from) {
      writeBits(writer, high, 32);
      writeBits(writer, low, 32);
    } else {
      const xorLow = low ^ columns.words[2 * i - 2]!;
      writeXor(writer, window, { high: high ^ columns.words[2 * i - 1]!, low: xorLow });
    }
  }
  return writer.bytes.slice(0, Math.ceil(writer.bit / 8));
}

/** Only at whole bytes: first and second sample begin there. */
function writeVarint(writer: BitWriter, value: number): void {
  writeUvarint(writer.bytes, writer.bit / 8, value);
  writer.bit += 8 * uvarintSizeBytes(value);
}

function writeDeltaOfDelta(writer: BitWriter, value: number): void {
  if (value === 0) writeBits(writer, 0, 1);
  else if (fits(value, 14)) writePrefixed(writer, value, { prefix: 0b10, width: 14 });
  else if (fits(value, 17)) writePrefixed(writer, value, { prefix: 0b110, width: 17 });
  else if (fits(value, 20)) writePrefixed(writer, value, { prefix: 0b1110, width: 20 });
  else {
    writeBits(writer, 0b1111, 4);
    writeBits(writer, Math.floor(value / bitsOf32), 32);
    writeBits(writer, value % bitsOf32, 32);
  }
}

/** Whether Prometheus takes `width` bits for the number; the range is lopsided there. */
function fits(value: number, width: number): boolean {
  const half = 2 ** (width - 1);
  return value > -half && value <= half;
}

function writePrefixed(
  writer: BitWriter,
  value: number,
  code: { readonly prefix: number; readonly width: number },
): void {
  writeBits(writer, code.prefix, 32 - Math.clz32(code.prefix));
  writeBits(writer, value, code.width);
}

/** Writes the xor of two values, and remembers the window of bits it used. */
function writeXor(
  writer: BitWriter,
  window: { leading: number; trailing: number },
  xor: { readonly high: number; readonly low: number },
): void {
  const { high, low } = xor;
  if (high === 0 && low === 0) {
    writeBits(writer, 0, 1);
    return;
  }
  const zeros = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
  const leading = Math.min(31, zeros);
  const trailing = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
  if (window.leading !== 0xff && leading >= window.leading && trailing >= window.trailing) {
    writeBits(writer, 0b10, 2);
  } else {
    window.leading = leading;
    window.trailing = trailing;
    writeBits(writer, 0b11, 2);
    writeBits(writer, leading, 5);
    writeBits(writer, 64 - leading - trailing, 6);
  }
  const width = 64 - window.leading - window.trailing;
  const down = window.trailing;
  const lower = down >= 32 ? high >>> (down - 32) : (low >>> down) | ((high << 1) << (31 - down));
  if (width > 32) writeBits(writer, high >>> down, width - 32);
  writeBits(writer, lower, Math.min(32, width));
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Appends the lowest `width` bits (1 to 32) of `value`, the uppermost first. */
function writeBits(writer: BitWriter, value: number, width: number): void {
  for (let i = width - 1; i >= 0; i--) {
    // Shifting takes the number modulo 2^32, so negative ones come as two's complement.
    if ((value >>> i) & 1) writer.bytes[writer.bit >>> 3]! |= 0x80 >>> (writer.bit & 7);
    writer.bit++;
  }
}
