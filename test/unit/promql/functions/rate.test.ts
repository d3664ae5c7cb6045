import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAnnotations } from "../../../../server/promql/annotations.ts";
import type {
  KernelSetup,
  RangeFunction,
} from "../../../../server/promql/functions/range-kernel.ts";
import { delta, increase, irate, rate } from "../../../../server/promql/functions/rate.ts";
import { isPresent } from "../../../../server/promql/operators/presence.ts";
import { newColumn } from "../../../../server/promql/operators/stream.ts";

type Samples = readonly (readonly [timeMs: number, value: number])[];

/** One window (endMs - rangeMs, endMs] through a kernel. */
function once(make: RangeFunction, samples: Samples, window: { endMs: number; rangeMs: number }) {
  const position = { start: 0, end: 1 };
  const setup: KernelSetup = {
    ...{
      stepCount: 1,
      extended: undefined,
      rangeMs: window.rangeMs,
      params: [],
      positions: [position],
    },
    ...{ rangePosition: position, annotations: createAnnotations(() => 0) },
    stepTimesMs: Float64Array.of(window.endMs),
    windowEndsMs: Float64Array.of(window.endMs),
  };
  const inside = samples.filter(
    ([time]) => time > window.endMs - window.rangeMs && time <= window.endMs,
  );
  const from = samples.findIndex((sample) => sample === inside[0]);
  const out = newColumn(1);
  make(setup)(
    {
      ...{ labels: [], from: 0, to: samples.length },
      ...{ startTimesMs: undefined, histograms: undefined },
      timesMs: Float64Array.from(samples, ([time]) => time),
      values: Float64Array.from(samples, ([, value]) => value),
      starts: Int32Array.of(Math.max(0, from)),
      ends: Int32Array.of(Math.max(0, from) + inside.length),
    },
    out,
  );
  return isPresent(out.present, 0) ? out.values[0] : undefined;
}

const every = (stepMs: number, values: readonly number[]): Samples =>
  values.map((value, i) => [i * stepMs, value]);
const window = { endMs: 300_000, rangeMs: 300_000 };

describe("extrapolation", () => {
  test("a series that fills its window reaches to both ends", () => {
    expect(once(increase, every(60_000, [10, 20, 30, 40, 50, 60]), window)).toBe(50);
  });

  test("a series that begins inside reaches half a distance to the left", () => {
    const late: Samples = [
      [180_000, 100],
      [240_000, 110],
      [300_000, 120],
    ];
    expect(once(increase, late, window)).toBe(25);
    expect(once(rate, late, window)).toBe(25 / 300);
  });

  test("a counter does not begin below zero", () => {
    const late: Samples = [
      [180_000, 1],
      [240_000, 11],
      [300_000, 21],
    ];
    expect(once(increase, late, window)).toBeCloseTo(21, 12);
    expect(once(delta, late, window)).toBe(25);
  });

  test("resets count as a start from zero", () => {
    expect(once(increase, every(60_000, [0, 5, 10, 2, 4, 6]), window)).toBeCloseTo(13.75, 12);
  });

  test("one sample says nothing", () => {
    expect(once(rate, [[300_000, 5]], window)).toBeUndefined();
    expect(once(irate, [[300_000, 5]], window)).toBeUndefined();
  });

  test("a reset between the last two samples counts the last alone", () => {
    expect(once(irate, every(60_000, [0, 9, 3]), { endMs: 120_000, rangeMs: 300_000 })).toBe(
      3 / 60,
    );
  });
});

test("windows with and without resets agree with a plain loop", () => {
  const values = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 30 }), (column, steps) => {
      const samples = every(1000, column);
      const endMs = (column.length - 1) * 1000;
      const found = once(increase, samples, { endMs, rangeMs: steps * 1000 });
      const inside = column.slice(Math.max(0, column.length - steps));
      let plain = (inside.at(-1) as number) - (inside[0] as number);
      inside.forEach((value, i) => {
        const before = inside[i - 1];
        if (before !== undefined && value < before) plain += before;
      });
      if (inside.length < 2) expect(found).toBeUndefined();
      else if (plain === 0) expect(found).toBe(0);
      else expect(found).toBeGreaterThan(0);
      const whole = once(delta, samples, { endMs, rangeMs: column.length * 1000 });
      expect(Number.isFinite(whole)).toBe(true);
    }),
  );
});
