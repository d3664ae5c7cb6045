import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as goMath from "../../../server/model/go-math.ts";

/** Distance in representable numbers; both finite. */
function ulps(a: number, b: number): number {
  const view = new DataView(new ArrayBuffer(8));
  const place = (value: number): bigint => {
    view.setFloat64(0, value);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const difference = place(a) - place(b);
  return Number(difference < 0n ? -difference : difference);
}

const moderate = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });

describe("close to JavaScript's functions", () => {
  const near =
    (own: (x: number) => number, theirs: (x: number) => number, most: number) =>
    (x: number): void => {
      const [a, b] = [own(x), theirs(x)];
      if (!Number.isFinite(b) || Math.abs(b) < 1e-290) expect(Math.abs(a)).toBe(Math.abs(b));
      else expect(ulps(a, b), `at ${x}: ${a}, ${b}`).toBeLessThanOrEqual(most);
    };
  const size = fc.double({ min: 0.01, max: 700, noNaN: true });

  test("logarithms", () => {
    fc.assert(fc.property(positive, near(goMath.log, Math.log, 2)));
    const far = positive.filter((x) => Math.abs(Math.log(x)) > 1);
    fc.assert(fc.property(far, near(goMath.log2, Math.log2, 4)));
    fc.assert(fc.property(far, near(goMath.log10, Math.log10, 4)));
  });

  test("exponentials", () => {
    fc.assert(fc.property(size, near(goMath.exp, Math.exp, 2)));
    fc.assert(
      fc.property(
        size,
        near(goMath.exp2, (x) => 2 ** x, 2),
      ),
    );
    fc.assert(fc.property(size, near(goMath.sinh, Math.sinh, 8)));
    fc.assert(fc.property(size, near(goMath.cosh, Math.cosh, 4)));
  });

  test("angles", () => {
    const angle = fc.double({ min: -100, max: 100, noNaN: true });
    const absolute =
      (own: (x: number) => number, theirs: (x: number) => number) =>
      (x: number): void => {
        expect(Math.abs(own(x) - theirs(x))).toBeLessThan(1e-13);
      };
    fc.assert(fc.property(angle, absolute(goMath.sin, Math.sin)));
    fc.assert(fc.property(angle, absolute(goMath.cos, Math.cos)));
    fc.assert(fc.property(moderate, near(goMath.atan, Math.atan, 2)));
  });

  test("powers", () => {
    const base = fc.double({ min: 0.1, max: 100, noNaN: true });
    const exponent = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(base, exponent, (x, y) => {
        expect(ulps(goMath.pow(x, y), x ** y)).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe("edges", () => {
  test.each([
    [2, 10, 1024],
    [1, Number.NaN, 1],
    [-1, Infinity, 1],
    [-1, -Infinity, 1],
    [0, -1, Infinity],
    [-0, -1, -Infinity],
    [-0, -3, -Infinity],
    [-8, 1 / 3, Number.NaN],
    [-2, 3, -8],
    [2, -1074, 5e-324],
    [2, -1080, 0],
    [2, 1024, Infinity],
    [-2, 1025, -Infinity],
    [10, 300, 1.0000000000000006e300],
    [0, 0.5, 0],
    [4, 0.5, 2],
    [4, -0.5, 0.5],
    [-Infinity, 0.5, Infinity],
    [-Infinity, 3, -Infinity],
    [5e-324, 1, 5e-324],
  ])("%d to the power %d", (base, exponent, result) => {
    expect(goMath.pow(base, exponent)).toBe(result);
  });

  test("logarithms of what has none", () => {
    expect(goMath.log(0)).toBe(-Infinity);
    expect(goMath.log(-1)).toBeNaN();
    expect(goMath.log(Infinity)).toBe(Infinity);
    expect(goMath.log2(8)).toBe(3);
    expect(goMath.log2(5e-324)).toBe(-1074);
    expect(goMath.log10(0)).toBe(-Infinity);
  });

  test("signs of zero and infinities stay", () => {
    for (const own of [
      goMath.sin,
      goMath.tan,
      goMath.asin,
      goMath.atan,
      goMath.tanh,
      goMath.asinh,
    ]) {
      expect(own(-0)).toBe(-0);
    }
    expect(goMath.sinh(-0)).toBe(-0);
    expect(goMath.exp(-Infinity)).toBe(0);
    expect(goMath.exp(1000)).toBe(Infinity);
    expect(goMath.atan2(-0, -1)).toBe(-Math.PI);
    expect(goMath.acos(2)).toBeNaN();
    expect(goMath.acosh(0.5)).toBeNaN();
    expect(goMath.sin(Infinity)).toBeNaN();
    expect(goMath.cos(1e300)).toBe(Math.cos(1e300));
  });
});

test.each([
  [62.46649345967489, 6372183230127074000],
  [15.38538484858893, 42801.8296560419],
  [-226.59075900302716, 6.157221820841758e-69],
  [0, 1],
  [-1074, 5e-324],
  [-1075, 0],
  [1023.9999999999999, 1.7976931348621742e308],
  [1024, Infinity],
])("2 to the power of %d is Go's", (power, value) => {
  expect(goMath.exp2(power)).toBe(value);
});

test("what a real Prometheus computes where JavaScript differs", () => {
  // Angles whose octant takes many bits of π.
  expect(goMath.sin(1e17)).toBe(-0.46453010483537266);
  expect(goMath.cos(1e17)).toBe(-0.8855573282976308);
  expect(goMath.tan(1.7e308)).toBe(-0.7407957369844252);
  // The last binary exponent is used up to its middle only.
  expect(goMath.exp(709.4)).toBe(1.2260423226426727e308);
  expect(goMath.exp(709.5)).toBe(Infinity);
  expect(goMath.exp(-720)).toBe(2.0322308024e-313);
  // Subnormal numbers are read as normal ones, except to base 2.
  expect(goMath.log(1e-320)).toBe(-709.0895657128236);
  expect(goMath.log10(1e-320)).toBe(-307.95368556425257);
  expect(goMath.log2(1e-320)).toBe(-1063.0170064253057);
});

const farAngle = fc.double({ min: 2 ** 29, max: 1.7e308, noNaN: true });

test("far angles are those of JavaScript but for the last bits", () => {
  fc.assert(
    fc.property(farAngle, (angle) => {
      expect(goMath.sin(angle)).toBeCloseTo(Math.sin(angle), 12);
      expect(goMath.cos(angle)).toBeCloseTo(Math.cos(angle), 12);
    }),
  );
});
