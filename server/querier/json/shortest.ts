import { writeDigits, writeNineDigits } from "./digits.ts";

/**
 * The shortest digits that read back as the same double, without making a string.
 *
 * 1. Scale: w = v · 10^k with 10^16 <= w < 10^17, so that 17 digits stand before the point. For
 *    10^-6 <= v < 10^17 the power is exact in a double, and the product is kept exactly as a sum
 *    of two doubles (Dekker's product).
 * 2. Split w into A (8 digits) and B (9 digits and a fraction, exact to about 10^-7).
 * 3. Every number nearer to v than half a unit in its last place reads back as v: that is an
 *    interval of B ± δ. Among the numbers in it that end in most zeros, the nearest is the text.
 * 4. Where a decision hangs on less than the error of B, somebody slower has to decide.
 */

/** Returned when the digits could not be told; nothing useful was written then. */
export const undecided = -1;

const minValue = 1e-6;
/** From here on doubles have no fraction. */
const maxValue = 2 ** 52;
/** Many times the error of B, and still a rare thing to meet. */
const doubt = 1e-5;
const lowSize = 1e9;
/** Digits of A and of both. */
const highDigits = 8;
const allDigits = 17;
const powersOfTen: Float64Array = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Splits a double into two halves of 26 bits: 2^27 + 1. */
const splitter = 134_217_729;
const mantissaMask = 0xf_ffff;
const point = 0x2e;
const zero = 0x30;

const bitsAsDouble = new Float64Array(1);
const bitsAsWords = new Uint32Array(bitsAsDouble.buffer);

/**
 * Writes `value`, which is positive and has a fraction, in plain notation. Needs 32 bytes;
 * returns the position behind, or `undecided`.
 */
export function writeShortest(bytes: Uint8Array, position: number, value: number): number {
  if (!(value >= minValue && value < maxValue)) return undecided;
  bitsAsDouble[0] = value;
  const upperWord = bitsAsWords[1]!;
  // A power of two has a narrower interval below it than above.
  if ((upperWord & mantissaMask) === 0 && bitsAsWords[0] === 0) return undecided;
  const exponent = upperWord >>> 20;
  const k = scaleOf(value, exponent);
  const power = powersOfTen[k]!;
  const product = value * power;
  let high = Math.floor(product / lowSize);
  let low = product - high * lowSize + productError(value, power, product);
  if (low < 0) {
    low += lowSize;
    high--;
  }
  bitsAsWords[0] = 0;
  bitsAsWords[1] = (exponent - 53) << 20;
  const digits = shortestLow(low, bitsAsDouble[0]! * power);
  if (digits < 0 || digits >= lowSize || high < 1e7 || high >= 1e8) return undecided;
  return writeScaled(bytes, position, { high, low: digits, k });
}

/** k such that value · 10^k has 17 digits before the point; from 0 to 22. */
function scaleOf(value: number, exponent: number): number {
  // log10(2) is 0.30103; rounding down may be one too low, never too high.
  const tens = Math.floor((exponent - 1023) * 0.301_029_9);
  const isMore = tens < -1 ? value * powersOfTen[-tens - 1]! >= 1 : value >= powersOfTen[tens + 1]!;
  return allDigits - 1 - (isMore ? tens + 1 : tens);
}

/** What rounding took from `product` = a · b, exactly. */
function productError(a: number, b: number, product: number): number {
  const aSplit = splitter * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = splitter * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** The roundest whole number within `delta` of `low`, the nearest of those; -1 in doubt. */
function shortestLow(low: number, delta: number): number {
  let best = -1;
  let unit = 1;
  for (; unit < lowSize; unit *= 10) {
    const nearest = Math.round(low / unit) * unit;
    const distance = Math.abs(low - nearest);
    if (distance > delta + doubt && unit > 1) return best;
    // The interval's edge, or the middle between two candidates, is too close to tell.
    if (distance > delta - doubt && unit > 1) return -1;
    if (distance > unit / 2 - doubt) best = -1;
    else best = nearest;
  }
  return -1;
}

/** Writes the 17 digits of high and low with the point k digits from their end. */
function writeScaled(
  bytes: Uint8Array,
  position: number,
  { high, low, k }: { readonly high: number; readonly low: number; readonly k: number },
): number {
  const whole = allDigits - k;
  let digitsAt = position + 1;
  if (whole <= 0) {
    bytes[position] = zero;
    bytes[position + 1] = point;
    digitsAt = position + 2 - whole;
    for (let at = position + 2; at < digitsAt; at++) bytes[at] = zero;
  }
  writeDigits(bytes, digitsAt + highDigits, high);
  writeNineDigits(bytes, digitsAt + highDigits, low);
  if (whole > 0) {
    for (let i = 0; i < whole; i++) bytes[position + i] = bytes[digitsAt + i]!;
    bytes[position + whole] = point;
  }
  let end = digitsAt + allDigits;
  while (bytes[end - 1] === zero) end--;
  return end;
}
