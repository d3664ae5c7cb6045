import type { BitWriter } from "./bit-writer.ts";

/** Floats of which each is told by what changed since the last one, with the window of bits. */
export interface XorValues {
  /** Aliases `words`. */
  readonly values: Float64Array;
  readonly words: Uint32Array;
  /** Significant bits of the last window; 64 before there was one. */
  readonly widths: Uint8Array;
  /** Zero bits behind the last window. */
  readonly trailings: Uint8Array;
}

/** Makes `count` floats, all of them 0 and without a window. */
export function makeXorValues(count: number): XorValues {
  const values = new Float64Array(count);
  return {
    values,
    words: new Uint32Array(values.buffer),
    widths: new Uint8Array(count).fill(64),
    trailings: new Uint8Array(count),
  };
}

/** The last window of bits that a float took; `leading` is `noWindow` before there was one. */
export interface XorWindow {
  leading: number;
  trailing: number;
}

/** So many leading zeros never fit: the first change opens a window. */
export const noWindow = 0xff;

/** A change of a float: the xor of two values' words. */
export interface XorChange {
  readonly high: number;
  readonly low: number;
}

/** Writes a change as XOR chunks do: 0 for none; 10 in the last window; 11 and a new window. */
export function writeXor(writer: BitWriter, window: XorWindow, change: XorChange): void {
  if (change.high === 0 && change.low === 0) writer.bits(0, 1);
  else if (opensWindow(window, change)) {
    writer.bits(0b11, 2);
    writeInNewWindow(writer, window, change);
  } else {
    writer.bits(0b10, 2);
    writeInWindow(writer, window, change);
  }
}

/** Whether a change that is not zero needs a new window; if so `window` becomes the new one. */
export function opensWindow(window: XorWindow, { high, low }: XorChange): boolean {
  const zeros = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
  const leading = Math.min(31, zeros);
  const trailing = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
  const fits = window.leading !== noWindow && leading >= window.leading;
  if (fits && trailing >= window.trailing) return false;
  window.leading = leading;
  window.trailing = trailing;
  return true;
}

/** Writes the window, then the change. */
export function writeInNewWindow(writer: BitWriter, window: XorWindow, change: XorChange): void {
  writer.bits(window.leading, 5);
  writer.bits(64 - window.leading - window.trailing, 6);
  writeInWindow(writer, window, change);
}

/** Writes the bits of a change that lie in the window. */
export function writeInWindow(
  writer: BitWriter,
  { leading, trailing }: XorWindow,
  { high, low }: XorChange,
): void {
  const width = 64 - leading - trailing;
  const lower =
    trailing >= 32
      ? high >>> (trailing - 32)
      : (low >>> trailing) | ((high << 1) << (31 - trailing));
  if (width > 32) writer.bits(high >>> trailing, width - 32);
  writer.bits(lower, Math.min(32, width));
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
