/**
 * Elementary functions with the rounding of Go's math package, which Prometheus computes with:
 * JavaScript's own differ in the last bits. The methods and constants are those of Cephes (sine,
 * cosine, tangent, arc tangent, hyperbolic functions), of FreeBSD's msun (logarithm) and of
 * Shibata's SLEEF (exponential, in the fused form that Go takes on amd64).
 */

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
  1.984126984126984127e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3,
  4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1,
];

/** e to a power. */
export function exp(power: number): number {
  if (!(Math.abs(power) < 708)) return Math.exp(power);
  const exponent = roundToEven(power * Math.LOG2E);
  let rest = multiplyAdd(-6.9314718055966295651160180568695068359375e-1, exponent, power);
  rest = multiplyAdd(-2.8235290563031577122588448175013436025525412068e-13, exponent, rest);
  rest *= 0.0625;
  let sum = 2.4801587301587301587e-5;
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

/** Natural logarithm. */
export function log(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log(value);
  let { fraction, exponent } = splitExponent(value);
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
    (6.66666666666673513e-1 +
      s4 *
        (2.857142874366239149e-1 + s4 * (1.818357216161805012e-1 + s4 * 1.479819860511658591e-1)));
  const even =
    s4 * (3.999999999940941908e-1 + s4 * (2.222219843214978396e-1 + s4 * 1.531383769920937332e-1));
  const half = 0.5 * f * f;
  const [ln2High, ln2Low] = [6.9314718036912381649e-1, 1.90821492927058770002e-10];
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

/** Angles from here on are left to JavaScript. */
const angleMax = 2 ** 29;

/** An angle's eighth of the circle, made even, and what is left of the angle. */
interface Reduced {
  readonly octant: number;
  readonly rest: number;
}

function reduce(angle: number): Reduced {
  let octant = Math.floor(angle * 1.27323954473516268615);
  if (octant % 2 === 1) octant++;
  const rest =
    angle -
    octant * 7.85398125648498535156e-1 -
    octant * 3.77489470793079817668e-8 -
    octant * 2.69515142907905952645e-15;
  return { octant: octant % 8, rest };
}

function sinePolynomial(z: number): number {
  const zz = z * z;
  let sum = 1.5896230157654656806e-10 * zz - 2.50507477628578072866e-8;
  sum = sum * zz + 2.75573136213857245213e-6;
  sum = sum * zz - 1.98412698295895385996e-4;
  sum = sum * zz + 8.33333333332211858878e-3;
  sum = sum * zz - 1.66666666666666307295e-1;
  return z + z * zz * sum;
}

function cosinePolynomial(z: number): number {
  const zz = z * z;
  let sum = -1.135853652138768173e-11 * zz + 2.08757008419747316778e-9;
  sum = sum * zz - 2.75573141792967388112e-7;
  sum = sum * zz + 2.48015872888517045348e-5;
  sum = sum * zz - 1.38888888888730564116e-3;
  sum = sum * zz + 4.16666666666665929218e-2;
  return 1 - 0.5 * zz + zz * zz * sum;
}

/** Sine. */
export function sin(angle: number): number {
  const size = Math.abs(angle);
  if (size === 0 || !(size < angleMax)) return Math.sin(angle);
  const { octant, rest } = reduce(size);
  const within = octant % 4;
  const value = within === 2 ? cosinePolynomial(rest) : sinePolynomial(rest);
  return angle < 0 !== octant > 3 ? -value : value;
}

/** Cosine. */
export function cos(angle: number): number {
  const size = Math.abs(angle);
  if (!(size < angleMax)) return Math.cos(angle);
  const { octant, rest } = reduce(size);
  const within = octant % 4;
  const value = within === 2 ? sinePolynomial(rest) : cosinePolynomial(rest);
  return octant > 3 !== within > 1 ? -value : value;
}

/** Tangent. */
export function tan(angle: number): number {
  const size = Math.abs(angle);
  if (size === 0 || !(size < angleMax)) return Math.tan(angle);
  const { octant, rest } = reduce(size);
  const zz = rest * rest;
  let value = rest;
  if (zz > 1e-14) {
    let above = -1.30936939181383734205e4 * zz + 1.1535166483858741614e6;
    above = above * zz - 1.79565251976484877988e7;
    let below = zz + 1.36812963470692954678e4;
    below = below * zz - 1.32089234440210967447e6;
    below = below * zz + 2.50083801823357915839e7;
    below = below * zz - 5.38695755929454629881e7;
    value = rest + rest * ((zz * above) / below);
  }
  if (octant % 4 === 2) value = -1 / value;
  return angle < 0 ? -value : value;
}

/** Arc tangent of a number in [0, 0.66]. */
function smallArcTangent(x: number): number {
  const z = x * x;
  let above = -8.750608600031904122785e-1 * z - 1.615753718733365076637e1;
  above = above * z - 7.50085579231470466734e1;
  above = above * z - 1.22886668449013617341e2;
  above = above * z - 6.485021904942025371773e1;
  let below = z + 2.485846490142306297962e1;
  below = below * z + 1.650270098316988542046e2;
  below = below * z + 4.328810604912902668951e2;
  below = below * z + 4.853903996359136964868e2;
  below = below * z + 1.945506571482613964425e2;
  return x * ((z * above) / below) + x;
}

/** Arc tangent of a number that is not negative. */
function arcTangent(x: number): number {
  // What π/2 as a double lacks.
  const rest = 6.12323399573676588613e-17;
  if (x <= 0.66) return smallArcTangent(x);
  if (x > 2.4142135623730950488) return Math.PI / 2 - smallArcTangent(1 / x) + rest;
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
  if (size > 0.5 * 8.8029691931113054295988e1) return value < 0 ? -1 : 1;
  if (size >= 0.625) {
    const result = 1 - 2 / (exp(2 * size) + 1);
    return value < 0 ? -result : result;
  }
  if (value === 0) return value;
  const s = value * value;
  let above = -9.64399179425052238628e-1 * s - 9.92877231001918586564e1;
  above = above * s - 1.61468768441708447952e3;
  let below = s + 1.12811678491632931402e2;
  below = below * s + 2.23548839060100448583e3;
  below = below * s + 4.84406305325125486048e3;
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
  let above = -2.630563213397497062819489e1 * s - 2.894211355989563807284660366e3;
  above = above * s - 8.991272022039509355398013511e4;
  above = (above * s - 6.307673640497716991184787251e5) * value;
  let below = s - 1.73678953558233699533450911e2;
  below = below * s + 1.521517378790019070696485176e4;
  return above / (below * s - 6.307673640497716991212077277e5);
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
