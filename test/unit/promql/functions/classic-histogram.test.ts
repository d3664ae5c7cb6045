import { describe, expect, test } from "vitest";
import {
  bucketFraction,
  bucketQuantile,
  type Buckets,
} from "../../../../server/promql/functions/classic-histogram.ts";

const buckets = (pairs: readonly (readonly [number, number])[]): Buckets => ({
  bounds: Float64Array.from(pairs, ([bound]) => bound),
  counts: Float64Array.from(pairs, ([, count]) => count),
  count: pairs.length,
});

describe("quantiles", () => {
  const plain: readonly (readonly [number, number])[] = [
    [1, 10],
    [2, 20],
    [Infinity, 20],
  ];

  test.each([
    [0, 0],
    [-0, 0],
    [0.25, 0.5],
    [0.5, 1],
    [0.75, 1.5],
    [1, 2],
    [-0.1, -Infinity],
    [1.1, Infinity],
    [Number.NaN, Number.NaN],
  ])("quantile %d is %d", (quantile, value) => {
    expect(bucketQuantile(quantile, buckets(plain))).toEqual({ value, fix: undefined });
  });

  test.each([
    [
      "no infinite bucket",
      [
        [1, 10],
        [2, 20],
      ],
    ],
    ["one bucket", [[Infinity, 20]]],
    [
      "no observation",
      [
        [1, 0],
        [Infinity, 0],
      ],
    ],
  ] as const)("%s gives NaN", (_name, pairs) => {
    expect(bucketQuantile(0.5, buckets(pairs)).value).toBeNaN();
  });

  test("a quantile above all finite bounds is the highest of them", () => {
    expect(
      bucketQuantile(
        0.99,
        buckets([
          [1, 10],
          [Infinity, 20],
        ]),
      ).value,
    ).toBe(1);
  });

  test("falling counts are raised and told", () => {
    const { value, fix } = bucketQuantile(
      0.5,
      buckets([
        [1, 4],
        [2, 2],
        [Infinity, 8],
      ]),
    );
    expect(value).toBe(1);
    expect(fix).toEqual({ bucketMin: 2, bucketMax: 2, differenceMax: 2 });
  });

  test("differences of float arithmetic are not", () => {
    const { fix } = bucketQuantile(
      0.5,
      buckets([
        [1, 4],
        [2, 4 - 1e-13],
        [Infinity, 8],
      ]),
    );
    expect(fix).toBeUndefined();
  });

  test("equal bounds are one bucket", () => {
    const twice = buckets([
      [1, 5],
      [1, 5],
      [Infinity, 20],
    ]);
    expect(bucketQuantile(0.25, twice).value).toBe(0.5);
  });
});

describe("fractions", () => {
  const plain: readonly (readonly [number, number])[] = [
    [1, 10],
    [2, 20],
    [Infinity, 40],
  ];

  test.each([
    [0, 1, 0.25],
    [0.5, 1.5, 0.25],
    [-Infinity, Infinity, 1],
    [2, 5, 0],
    [3, 1, 0],
  ])("between %d and %d: %d", (lower, upper, part) => {
    expect(bucketFraction(lower, upper, buckets(plain))).toBe(part);
  });

  test("negative bounds begin at minus infinity", () => {
    expect(
      bucketFraction(
        -4,
        -2,
        buckets([
          [-3, 10],
          [-2, 12],
          [Infinity, 100],
        ]),
      ),
    ).toBe(0.02);
  });
});
