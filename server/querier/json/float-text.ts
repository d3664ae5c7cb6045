import { writeDigits, writeNineDigits } from "./digits.ts";
import { undecided, writeShortest } from "./shortest.ts";

/**
 * Numbers as text, as Prometheus's HTTP API prints them: the shortest digits that read back
 * as the same double, plain below 10^21 and from 10^-6 on, otherwise with an exponent of at
 * least two digits. JavaScript's own shortest digits are the same ones; what takes time is
 * making strings, so integers and short decimals are written without one.
 */

/** The most bytes that `writeFloat` writes: -2.2250738585072014e-308 and its like. */
export const floatSizeBytesMax = 32;

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/** Whole numbers up to here are exact and take the fast path. */
const exactWholeMax = 2 ** 53;
/** Decimals of at most 15 digits are told apart by doubles, so the shortest is the one found. */
const shortDecimalMax = 1e15;
/** Six decimals: most gauges have fewer, and one division then tells whether they do. */
const shortDecimalScale = 1e6;
const shortDecimals = 6;
/** Below it, six decimals would leave the range without exponent anyway. */
const plainMin = 1e-6;

/** Writes `value` as samples of vectors and matrices have it; returns the position behind. */
export function writeFloat(bytes: Uint8Array, position: number, value: number): number {
  const size = Math.abs(value);
  if (size <= exactWholeMax && size === Math.floor(size)) {
    let at = position;
    if (value < 0 || (value === 0 && 1 / value < 0)) bytes[at++] = minus;
    return writeWhole(bytes, at, size);
  }
  const scaled = Math.round(size * shortDecimalScale);
  // Both are exact integers in a double, so the quotient is the double nearest to the decimal.
  if (scaled < shortDecimalMax && size >= plainMin && scaled / shortDecimalScale === size) {
    let at = position;
    if (value < 0) bytes[at++] = minus;
    return writeShortDecimal(bytes, at, scaled);
  }
  const sign = value < 0 ? 1 : 0;
  bytes[position] = minus;
  const end = writeShortest(bytes, position + sign, size);
  return end === undecided ? writeAscii(bytes, position, floatText(value)) : end;
}

/** The same as a string. */
export function floatText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return 1 / value < 0 ? "-0" : "0";
  const text = String(value);
  const exponent = text.indexOf("e");
  // 1e-7 is 1e-07 there.
  if (exponent < 0 || text.length - exponent > 3) return text;
  return `${text.slice(0, exponent + 2)}0${text.slice(exponent + 2)}`;
}

/** A scalar's value, which Prometheus prints without exponent however long it gets. */
export function scalarText(value: number): string {
  const text = floatText(value);
  const exponent = text.indexOf("e");
  if (exponent < 0) return text;
  const power = Number(text.slice(exponent + 1));
  const sign = text.startsWith("-") ? "-" : "";
  const digits = text.slice(sign.length, exponent).replace(".", "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  return sign + digits.padEnd(power + 1, "0");
}

/** Writes a whole number from 0 to 2^53 in decimal; returns the position behind it. */
export function writeWhole(bytes: Uint8Array, position: number, value: number): number {
  if (value < 1e9) {
    const end = position + decimalDigits(value);
    writeDigits(bytes, end, value);
    return end;
  }
  const upper = Math.floor(value / 1e9);
  const at = writeWhole(bytes, position, upper);
  writeNineDigits(bytes, at, value - upper * 1e9);
  return at + 9;
}

/** Writes `size` in millionths, without trailing zeros. */
function writeShortDecimal(bytes: Uint8Array, position: number, millionths: number): number {
  const whole = Math.floor(millionths / shortDecimalScale);
  let at = writeWhole(bytes, position, whole);
  bytes[at++] = point;
  let first = writeDigits(bytes, at + shortDecimals, millionths - whole * shortDecimalScale);
  while (first > at) bytes[--first] = zero;
  let end = at + shortDecimals;
  while (bytes[end - 1] === zero) end--;
  return end;
}

function decimalDigits(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3;
  if (value < 1e6) return value < 1e4 ? 4 : value < 1e5 ? 5 : 6;
  return value < 1e7 ? 7 : value < 1e8 ? 8 : 9;
}

/** Writes text of ASCII characters; returns the position behind it. */
export function writeAscii(bytes: Uint8Array, position: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[position + i] = text.charCodeAt(i);
  return position + text.length;
}
