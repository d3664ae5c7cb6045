import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Extended } from "../../../../server/promql/functions/range-kernel.ts";
import { createWindowPlacer } from "../../../../server/promql/operators/window-placer.ts";

interface Shape {
  readonly times: readonly number[];
  readonly ends: readonly number[];
  readonly rangeMs: number;
  readonly lookbackMs: number;
  readonly extended: Extended;
}

/** Times of the samples in each window. */
function placed({ times, ends, rangeMs, lookbackMs, extended }: Shape): readonly number[][] {
  const place = createWindowPlacer(
    { rangeMs, reach: { extended, lookbackMs } },
    Float64Array.from(ends),
  );
  const columns = {
    ...{ timesMs: Float64Array.from(times), values: new Float64Array(times.length) },
    ...{ startTimesMs: undefined, histograms: undefined, from: 0, to: times.length },
  };
  const { starts, ends: lasts } = place(columns, []);
  return ends.map((_, step) => times.slice(starts[step], lasts[step]));
}

/** The definition, word by word. */
function expected({ times, ends, rangeMs, lookbackMs, extended }: Shape): readonly number[][] {
  return ends.map((endMs) => {
    const startMs = endMs - rangeMs;
    const inside = times.filter((time) => time > startMs && time <= endMs);
    if (extended === undefined) return inside;
    const anchor = times.filter((time) => time <= startMs && time > startMs - lookbackMs).slice(-1);
    if (extended === "anchored") return inside.length === 0 ? [] : [...anchor, ...inside];
    const before = inside.filter((time) => time < endMs);
    const next = times.filter((time) => time >= endMs && time <= endMs + lookbackMs).slice(0, 1);
    const whole = [...anchor, ...before, ...next];
    return before.length + next.length === 0 || (whole[0] as number) > endMs ? [] : whole;
  });
}

describe("windows", () => {
  const shapes = fc.record({
    times: fc
      .uniqueArray(fc.nat({ max: 60 }), { maxLength: 20 })
      .map((times) => times.sort((a, b) => a - b)),
    ends: fc
      .uniqueArray(fc.nat({ max: 80 }), { minLength: 1, maxLength: 12 })
      .map((ends) => ends.sort((a, b) => a - b)),
    rangeMs: fc.integer({ min: 1, max: 30 }),
    lookbackMs: fc.nat({ max: 20 }),
    extended: fc.constantFrom<Extended>(undefined, "anchored", "smoothed"),
  });

  test("hold what their definition says", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(placed(shape)).toEqual(expected(shape));
      }),
    );
  });
});
