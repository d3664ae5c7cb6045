/**
 * Elementary functions with the rounding of Go's math package, which Prometheus computes with:
 * JavaScript's own differ in the last bits. The methods and constants are those of Cephes (sine,
 * cosine, tangent, arc tangent, hyperbolic functions), of FreeBSD's msun (logarithm) and of
 * Shibata's SLEEF (exponential, in the fused form that Go takes on amd64).
 */
import { reduceAngle } from "./angle-octants.ts";

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/** Splits a finite number other than zero into a fraction in [0.5, 1) and a power of two. */
export function splitExponent(value: number): { fraction: number; exponent: number } {
  // Subnormal numbers have no exponent of their own: they are scaled up before.
  const scale = Math.abs(value) < 2 ** -1022 ? 52 : 0;
  bits[0] = value * 2 ** scale;
  const high = words[1]!;
  const exponent = ((high >>> 20) & 0x7ff) - 1022 - scale;
  words[1] = (high & 0x800fffff) | 0x3fe00000;
  return { fraction: bits[0]!, exponent };
}

/** `fraction × 2^exponent`, rounded once. */
function joinExponent(fraction: number, exponent: number): number {
  if (exponent > 1023) return fraction * 2 ** 1023 * 2 ** Math.min(1023, exponent - 1023);
  if (exponent >= -1021) return fraction * 2 ** exponent;
  return fraction * 2 ** -969 * 2 ** Math.max(-1074, exponent + 969);
}

/** A double as the sum of two with half the digits, so that products of halves are exact. */
function upperHalf(value: number): number {
  const scaled = value * 134_217_729;
  return scaled - (scaled - value);
}

/** a × b + c with one rounding at the end. */
function multiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const [aUpper, bUpper] = [upperHalf(a), upperHalf(b)];
  const [aLower, bLower] = [a - aUpper, b - bUpper];
  const productRest =
    aLower * bLower - (product - aUpper * bUpper - aLower * bUpper - aUpper * bLower);
  const sum = product + c;
  const cPart = sum - product;
  const sumRest = product - (sum - cPart) + (c - cPart);
  return sum + (sumRest + productRest);
}

/** Taylor coefficients of the exponential, the highest first. */
const expCoefficients: readonly number[] = [
  0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664,
  0.16666666666666666, 0.5, 1,
];

/** e to a power. As in Go, infinite already from the largest half of the last binary exponent on. */
export function exp(power: number): number {
  if (!(power > -746)) return power <= -746 ? 0 : Number.NaN;
  const exponent = roundToEven(power * Math.LOG2E);
  if (exponent > 1023) return Infinity;
  let rest = multiplyAdd(-0.693147180559663, exponent, power);
  rest = multiplyAdd(-2.8235290563031577e-13, exponent, rest);
  rest *= 0.0625;
  let sum = 2.48015873015873e-5;
  for (const coefficient of expCoefficients) sum = multiplyAdd(sum, rest, coefficient);
  rest *= sum;
  for (let i = 0; i < 3; i++) rest *= rest + 2;
  return joinExponent(multiplyAdd(rest, rest + 2, 1), exponent);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** 2 to a power; the method is that of FreeBSD's msun. */
export function exp2(power: number): number {
  if (!(power >= -1074 && power <= 1023.9999999999999)) return 2 ** power;
  const exponent = Math.trunc(power > 0 ? power + 0.5 : power - 0.5);
  const part = power - exponent;
  const [high, low] = [part * 0.6931471803691238, -part * 1.9082149292705877e-10];
  const rest = high - low;
  const square = rest * rest;
  const polynomial =
    0.16666666666666666 +
    square *
      (-0.0027777777777015593 +
        square *
          (6.613756321437934e-5 +
            square * (-1.6533902205465252e-6 + square * 4.1381367970572385e-8)));
  const c = rest - square * polynomial;
  return joinExponent(1 - (low - (rest * c) / (2 - c) - high), exponent);
}

/**
 * Natural logarithm. A subnormal number gets the wrong one that Go on amd64 gives it: its bits
 * are read as those of a normal number.
 */
export function log(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log(value);
  const normal = value < 2 ** -1022 ? value + 2 ** -1022 : value;
  let { fraction, exponent } = splitExponent(normal);
  if (normal !== value) exponent--;
  if (fraction < Math.SQRT1_2) {
    fraction *= 2;
    exponent--;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const odd =
    s2 *
    (0.6666666666666735 +
      s4 * (0.2857142874366239 + s4 * (0.1818357216161805 + s4 * 0.14798198605116586)));
  const even = s4 * (0.3999999999940942 + s4 * (0.22222198432149784 + s4 * 0.15313837699209373));
  const half = 0.5 * f * f;
  const [ln2High, ln2Low] = [0.6931471803691238, 1.9082149292705877e-10];
  return exponent * ln2High - (half - (s * (half + (odd + even)) + exponent * ln2Low) - f);
}

/** Logarithm to base 2, exact for powers of two. */
export function log2(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log2(value);
  const { fraction, exponent } = splitExponent(value);
  return fraction === 0.5 ? exponent - 1 : log(fraction) * Math.LOG2E + exponent;
}

/** Logarithm to base 10. */
export function log10(value: number): number {
  return log(value) * Math.LOG10E;
}

function sinePolynomial(z: number): number {
  const zz = z * z;
  let sum = 1.5896230157654656e-10 * zz - 2.5050747762857807e-8;
  sum = sum * zz + 2.7557313621385722e-6;
  sum = sum * zz - 0.0001984126982958954;
  sum = sum * zz + 0.008333333333322118;
  sum = sum * zz - 0.1666666666666663;
  return z + z * zz * sum;
}

function cosinePolynomial(z: number): number {
  const zz = z * z;
  let sum = -1.1358536521387682e-11 * zz + 2.087570084197473e-9;
  sum = sum * zz - 2.755731417929674e-7;
  sum = sum * zz + 2.4801587288851704e-5;
  sum = sum * zz - 0.0013888888888873056;
  sum = sum * zz + 0.041666666666666595;
  return 1 - 0.5 * zz + zz * zz * sum;
}

/** Sine. */
export function sin(angle: number): number {
  const size = Math.abs(angle);
  if (size === 0 || !(size < Infinity)) return size === 0 ? angle : Number.NaN;
  const { octant, rest } = reduceAngle(size);
  const within = octant % 4;
  const value = within === 2 ? cosinePolynomial(rest) : sinePolynomial(rest);
  return angle < 0 !== octant > 3 ? -value : value;
}

/** Cosine. */
export function cos(angle: number): number {
  const size = Math.abs(angle);
  if (!(size < Infinity)) return Number.NaN;
  const { octant, rest } = reduceAngle(size);
  const within = octant % 4;
  const value = within === 2 ? sinePolynomial(rest) : cosinePolynomial(rest);
  return octant > 3 !== within > 1 ? -value : value;
}

/** Tangent. */
export function tan(angle: number): number {
  const size = Math.abs(angle);
  if (size === 0 || !(size < Infinity)) return size === 0 ? angle : Number.NaN;
  const { octant, rest } = reduceAngle(size);
  const zz = rest * rest;
  let value = rest;
  if (zz > 1e-14) {
    let above = -13093.693918138373 * zz + 1153516.6483858742;
    above = above * zz - 17956525.197648488;
    let below = zz + 13681.296347069296;
    below = below * zz - 1320892.3444021097;
    below = below * zz + 25008380.18233579;
    below = below * zz - 53869575.592945464;
    value = rest + rest * ((zz * above) / below);
  }
  if (octant % 4 === 2) value = -1 / value;
  return angle < 0 ? -value : value;
}

/** Arc tangent of a number in [0, 0.66]. */
function smallArcTangent(x: number): number {
  const z = x * x;
  let above = -0.8750608600031904 * z - 16.157537187333652;
  above = above * z - 75.00855792314705;
  above = above * z - 122.88666844901361;
  above = above * z - 64.85021904942025;
  let below = z + 24.858464901423062;
  below = below * z + 165.02700983169885;
  below = below * z + 432.88106049129027;
  below = below * z + 485.3903996359137;
  below = below * z + 194.5506571482614;
  return x * ((z * above) / below) + x;
}

/** Arc tangent of a number that is not negative. */
function arcTangent(x: number): number {
  // What π/2 as a double lacks.
  const rest = 6.123233995736766e-17;
  if (x <= 0.66) return smallArcTangent(x);
  if (x > 2.414213562373095) return Math.PI / 2 - smallArcTangent(1 / x) + rest;
  return Math.PI / 4 + smallArcTangent((x - 1) / (x + 1)) + 0.5 * rest;
}

/** Arc tangent. */
export function atan(value: number): number {
  if (value === 0) return value;
  return value > 0 ? arcTangent(value) : -arcTangent(-value);
}

/** Arc sine. */
export function asin(value: number): number {
  if (value === 0) return value;
  const size = Math.abs(value);
  if (!(size <= 1)) return Number.NaN;
  const root = Math.sqrt(1 - size * size);
  const angle = size > 0.7 ? Math.PI / 2 - arcTangent(root / size) : arcTangent(size / root);
  return value < 0 ? -angle : angle;
}

/** Arc cosine. */
export function acos(value: number): number {
  return Math.PI / 2 - asin(value);
}

/** Angle of the point (x, y). */
export function atan2(y: number, x: number): number {
  const special = y === 0 || x === 0 || !Number.isFinite(x) || !Number.isFinite(y);
  if (special) return Math.atan2(y, x);
  const angle = atan(y / x);
  if (x > 0) return angle;
  return angle <= 0 ? angle + Math.PI : angle - Math.PI;
}

/** Hyperbolic tangent. */
export function tanh(value: number): number {
  const size = Math.abs(value);
  if (size > 0.5 * 88.02969193111305) return value < 0 ? -1 : 1;
  if (size >= 0.625) {
    const result = 1 - 2 / (exp(2 * size) + 1);
    return value < 0 ? -result : result;
  }
  if (value === 0) return value;
  const s = value * value;
  let above = -0.9643991794250523 * s - 99.28772310019185;
  above = above * s - 1614.6876844170845;
  let below = s + 112.81167849163293;
  below = below * s + 2235.4883906010045;
  below = below * s + 4844.063053251255;
  return value + (value * s * above) / below;
}

/** Hyperbolic sine. */
export function sinh(value: number): number {
  const size = Math.abs(value);
  if (!(size <= 21)) return value < 0 ? exp(size) * -0.5 : exp(size) * 0.5;
  if (size > 0.5) {
    const grown = exp(size);
    const result = (grown - 1 / grown) * 0.5;
    return value < 0 ? -result : result;
  }
  const s = value * value;
  let above = -26.30563213397497 * s - 2894.211355989564;
  above = above * s - 89912.72022039509;
  above = (above * s - 630767.3640497717) * value;
  let below = s - 173.6789535582337;
  below = below * s + 15215.17378790019;
  return above / (below * s - 630767.3640497717);
}

/** Hyperbolic cosine. */
export function cosh(value: number): number {
  const grown = exp(Math.abs(value));
  return Math.abs(value) > 21 ? grown * 0.5 : (grown + 1 / grown) * 0.5;
}

/** Inverse hyperbolic sine. */
export function asinh(value: number): number {
  if (!Number.isFinite(value)) return value;
  const size = Math.abs(value);
  let result = size;
  if (size > 2 ** 28) result = log(size) + Math.LN2;
  else if (size > 2) result = log(2 * size + 1 / (Math.sqrt(size * size + 1) + size));
  else if (size >= 2 ** -28) {
    result = Math.log1p(size + (size * size) / (1 + Math.sqrt(1 + size * size)));
  }
  return value < 0 || Object.is(value, -0) ? -result : result;
}

/** Inverse hyperbolic cosine. */
export function acosh(value: number): number {
  if (!(value >= 1)) return Number.NaN;
  if (value === 1) return 0;
  if (value >= 2 ** 28) return log(value) + Math.LN2;
  if (value > 2) return log(2 * value - 1 / (value + Math.sqrt(value * value - 1)));
  const above = value - 1;
  return Math.log1p(above + Math.sqrt(2 * above + above * above));
}

/** Power: whole exponents by repeated squaring, the rest by exp and log. */
export function pow(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1;
  if (exponent === 1) return base;
  if (exponent === 0.5 && base !== -Infinity) return Math.sqrt(base);
  if (exponent === -0.5 && base !== -Infinity) return base === 0 ? Infinity : 1 / Math.sqrt(base);
  if (base === -1 && Math.abs(exponent) === Infinity) return 1;
  const size = Math.abs(exponent);
  const special = base === 0 || !Number.isFinite(base) || !Number.isFinite(exponent);
  if (special || size >= 2 ** 63 || (base < 0 && size % 1 !== 0)) return base ** exponent;
  return finitePower(base, exponent);
}

function finitePower(base: number, exponent: number): number {
  let whole = Math.floor(Math.abs(exponent));
  let part = Math.abs(exponent) - whole;
  let result = 1;
  let resultExponent = 0;
  if (part !== 0) {
    if (part > 0.5) {
      part--;
      whole++;
    }
    result = exp(part * log(base));
  }
  let { fraction, exponent: scale } = splitExponent(base);
  while (whole !== 0) {
    if (scale < -4096 || scale > 4096) {
      resultExponent += scale;
      break;
    }
    if (whole % 2 === 1) {
      result *= fraction;
      resultExponent += scale;
    }
    whole = Math.floor(whole / 2);
    fraction *= fraction;
    scale *= 2;
    if (fraction < 0.5) {
      fraction += fraction;
      scale--;
    }
  }
  if (exponent >= 0) return joinExponent(result, resultExponent);
  return joinExponent(1 / result, -resultExponent);
}
