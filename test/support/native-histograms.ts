import fc from "fast-check";
import { staleStandIn, type TestHistogram } from "./kernel-payloads.ts";

/** A run of buckets: how many are left out before it, and the counts in it. */
export interface TestSpan {
  readonly offset: number;
  readonly counts: readonly number[];
}

type TestHint = NonNullable<TestHistogram["resetHint"]>;

/** A native histogram in words that are easy to write. */
export interface HistogramSketch {
  readonly timeMs: number;
  readonly isFloat?: boolean;
  readonly schema?: number;
  readonly sum?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly positive?: readonly TestSpan[];
  readonly negative?: readonly TestSpan[];
  readonly bounds?: readonly number[];
  /** 0 unknown, 1 reset, 2 no reset, 3 gauge. */
  readonly hint?: TestHint;
  /** When the counting began; only 2.0 has it. */
  readonly startMs?: number;
  /** The count, when it is not the sum of all buckets. */
  readonly count?: number;
}

/** The message of a sketch, with everything that is not said as it should be. */
export function histogramOf(sketch: HistogramSketch): TestHistogram {
  const { positive = [], negative = [], zeroCount = 0, isFloat = false } = sketch;
  const counts = (side: readonly TestSpan[]): number[] => side.flatMap((span) => span.counts);
  const all = [...counts(positive), ...counts(negative)];
  const count = sketch.count ?? all.reduce((sum, one) => sum + one, zeroCount);
  return {
    timestamp: BigInt(sketch.timeMs),
    startTimestamp: BigInt(sketch.startMs ?? 0),
    schema: sketch.schema ?? 0,
    sum: sketch.sum ?? count,
    zeroThreshold: sketch.zeroThreshold ?? 0,
    resetHint: sketch.hint ?? 0,
    customValues: [...(sketch.bounds ?? [])],
    positiveSpans: positive.map(spanOf),
    negativeSpans: negative.map(spanOf),
    ...(isFloat
      ? {
          count: { case: "countFloat", value: count },
          zeroCount: { case: "zeroCountFloat", value: zeroCount },
          positiveCounts: counts(positive),
          negativeCounts: counts(negative),
        }
      : {
          count: { case: "countInt", value: BigInt(count) },
          zeroCount: { case: "zeroCountInt", value: BigInt(zeroCount) },
          positiveDeltas: deltasOf(counts(positive)),
          negativeDeltas: deltasOf(counts(negative)),
        }),
  };
}

function spanOf({ offset, counts }: TestSpan): { offset: number; length: number } {
  return { offset, length: counts.length };
}

function deltasOf(counts: readonly number[]): bigint[] {
  return counts.map((count, i) => BigInt(count) - BigInt(counts[i - 1] ?? 0));
}

/** A staleness marker. */
export function staleHistogram(timeMs: number, isFloat = false): TestHistogram {
  return histogramOf({ timeMs, isFloat, sum: staleStandIn });
}

const shape = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 })), {
  maxLength: 3,
});

/** What stays the same in a run of histograms, most of the time. */
const layout = fc.record({
  isFloat: fc.boolean(),
  schema: fc.constantFrom(0, 0, 3, -4, 8, -53, -53),
  zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001, 1024),
  hint: fc.constantFrom<TestHint>(0, 0, 0, 1, 2, 3),
  positive: shape,
  negative: shape,
  bounds: fc.constantFrom([0.005, 0.1, 1, 33_554.43], [-1, 0.0001, 1e9], [1, 2, 3]),
});

/** What happens from one histogram of a run to the next; in `calm` ones seldom anything. */
function change(calm: boolean): fc.Arbitrary<{ readonly rise: number; readonly event: string }> {
  return fc.record({
    rise: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(100, 5000, 1_000_000, 2 ** 40) },
    ),
    event: fc.oneof(
      { weight: calm ? 60 : 1, arbitrary: fc.constant("") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("reset", "stale", "wider", "gap", "gauge", "threshold", "start"),
      },
    ),
  });
}

type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

/** Histograms of one series, ascending by `stepMs`: counters that grow, are reset, gain buckets. */
export function histogramRun(
  from: fc.Arbitrary<number>,
  length: { readonly min: number; readonly max: number },
): fc.Arbitrary<readonly TestHistogram[]> {
  return fc
    .tuple(
      from,
      fc.constantFrom(1, 1000, 15_000, length.min > 10 ? 15_001 : 600_000),
      layout,
      fc.array(change(length.min > 10), { minLength: length.min, maxLength: length.max }),
    )
    .map(([fromMs, stepMs, first, changes]) => {
      let [grown, now] = [0, first];
      let startMs = 0;
      return changes.map(({ rise, event }, i): TestHistogram => {
        const timeMs = fromMs + i * stepMs;
        grown = event === "reset" ? rise : grown + rise;
        if (event === "reset" || event === "start") startMs = timeMs - 1;
        if (event === "stale") return staleHistogram(timeMs, now.isFloat);
        if (event === "wider") now = { ...now, positive: [...now.positive, [1, 1]] };
        if (event === "gap") now = { ...now, positive: now.positive.slice(1) };
        if (event === "gauge") now = { ...now, hint: now.hint === 3 ? 0 : 3 };
        if (event === "threshold") now = { ...now, zeroThreshold: now.zeroThreshold * 2 };
        return { ...grownHistogram(now, timeMs, grown), startTimestamp: BigInt(startMs) };
      });
    });
}

function grownHistogram(now: Layout, timeMs: number, grown: number): TestHistogram {
  const isCustom = now.schema === -53;
  const fill = (side: Layout["positive"], salt: number): TestSpan[] =>
    side.map(([offset, length], i) => ({
      offset,
      counts: Array.from({ length }, (_, j) => Math.floor((grown * (i + j + salt)) / 3)),
    }));
  const { isFloat, schema, hint, zeroThreshold } = now;
  return histogramOf({
    timeMs,
    isFloat,
    schema,
    hint,
    positive: isCustom
      ? fill([[0, Math.min(4, now.positive.length + 1)]], 1)
      : fill(now.positive, 1),
    ...(isCustom
      ? { bounds: now.bounds }
      : { negative: fill(now.negative, 2), zeroThreshold, zeroCount: grown }),
    sum: grown * 0.1,
  });
}

/** Histograms that are wrong in one way or another, and a few that only look so. */
export function oddHistogram(time: fc.Arbitrary<number>): fc.Arbitrary<TestHistogram> {
  const one = [{ offset: 0, counts: [1, 2] }];
  const sketches: readonly Partial<HistogramSketch>[] = [
    { schema: 9 },
    { schema: -5, isFloat: true },
    { positive: one, count: 2 },
    { positive: one, count: 2, sum: Number.NaN },
    { positive: one, count: 9, sum: Number.NaN },
    { positive: [{ offset: 0, counts: [-1] }], count: 0 },
    { positive: [{ offset: 0, counts: [-1] }], isFloat: true },
    { count: -1, isFloat: true },
    { negative: [...one, { offset: -1, counts: [3] }] },
    { positive: [{ offset: -3, counts: [3] }] },
    { schema: -53, bounds: [1], positive: [{ offset: 1, counts: [1, 1] }] },
    { schema: -53, bounds: [2, 1], positive: one },
    { schema: -53, bounds: [1, Number.NaN], positive: one },
    { schema: -53, bounds: [1, Number.POSITIVE_INFINITY], positive: one },
    { schema: -53, bounds: [1, 2], positive: one, zeroCount: 1 },
    { schema: -53, bounds: [1, 2], positive: one, negative: one },
    { schema: -53, bounds: [1, 2], positive: [{ offset: -1, counts: [1] }] },
    { bounds: [1, 2], positive: one },
    { positive: [{ offset: 0, counts: Array.from({ length: 4000 }, () => 0) }] },
  ];
  return fc.tuple(time, fc.constantFrom(...sketches), fc.boolean()).map(([timeMs, sketch, cut]) => {
    const whole = histogramOf({ ...sketch, timeMs });
    return cut ? { ...whole, positiveDeltas: [], positiveCounts: [] } : whole;
  });
}
