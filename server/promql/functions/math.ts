import { goMath } from "../../model/index.ts";

/** A function of one number, and of scalar arguments at the same step. */
export type NumberFunction = (value: number, params: readonly number[]) => number | undefined;

/** Rounds to the nearest multiple of `nearest`, halves up. */
function round(value: number, [nearest = 1]: readonly number[]): number {
  // Multiplying with the inverse is what Prometheus does: it loses fewer digits.
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

/** The greater one as Go has it: infinity counts even beside what is no number. */
export function greater(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

/** The lesser one, likewise. */
export function lesser(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

function clamp(value: number, [min = Number.NaN, max = Number.NaN]: readonly number[]) {
  return max < min ? undefined : greater(min, lesser(max, value));
}

function sign(value: number): number {
  if (value < 0) return -1;
  return value > 0 ? 1 : value;
}

/** Functions that treat each sample by itself. */
export const numberFunctions: Readonly<Record<string, NumberFunction>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: goMath.exp,
  sqrt: Math.sqrt,
  ln: goMath.log,
  log2: goMath.log2,
  log10: goMath.log10,
  sin: goMath.sin,
  cos: goMath.cos,
  tan: goMath.tan,
  asin: goMath.asin,
  acos: goMath.acos,
  atan: goMath.atan,
  sinh: goMath.sinh,
  cosh: goMath.cosh,
  tanh: goMath.tanh,
  asinh: goMath.asinh,
  acosh: goMath.acosh,
  atanh: Math.atanh,
  rad: (value) => (value * Math.PI) / 180,
  deg: (value) => (value * 180) / Math.PI,
  sgn: sign,
  round,
  clamp,
  clamp_min: (value, [min = Number.NaN]) => greater(min, value),
  clamp_max: (value, [max = Number.NaN]) => lesser(max, value),
};
