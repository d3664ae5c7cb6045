import fc from "fast-check";
import {
  type BucketCounts,
  type CounterResetHint,
  customSchema,
  type FloatHistogram,
} from "../../server/model/index.ts";
import { makeColumns, type SampleColumns } from "../../server/tsdb/index.ts";

/** Native histograms by chance. */

/** Counts of histograms: whole ones, or any that are not negative. */
export type CountKind = "whole" | "float";

function count(kind: CountKind): fc.Arbitrary<number> {
  const whole = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2 ** 45 }));
  if (kind === "whole") return whole;
  return fc.oneof(whole, fc.double({ min: 1e-9, max: 1e300, noNaN: true }));
}

function buckets(kind: CountKind, indexMin: number): fc.Arbitrary<BucketCounts> {
  return fc
    .dictionary(fc.integer({ min: indexMin, max: indexMin + 60 }).map(String), count(kind), {
      maxKeys: 12,
      noNullPrototype: true,
    })
    .map((found) => {
      const indices = Object.keys(found)
        .map(Number)
        .sort((a, b) => a - b);
      return { indices, counts: indices.map((index) => found[String(index)] as number) };
    });
}

const hint: fc.Arbitrary<CounterResetHint> = fc.constantFrom(
  ...(["unknown", "unknown", "unknown", "not-reset", "reset", "gauge"] as const),
);

const sum: fc.Arbitrary<number> = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1.5),
);

/** A histogram of any schema, zero threshold, buckets and hint. */
export function histogram(kind: CountKind): fc.Arbitrary<FloatHistogram> {
  const numbers = {
    zeroCount: fc.oneof(fc.constant(0), count(kind)),
    count: count(kind),
    sum,
    hint,
  };
  const exponential = fc.record({
    ...numbers,
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 1, 0.001, 1024, 2 ** -243, 2 ** -244, 2048),
    positive: buckets(kind, -30),
    negative: buckets(kind, -30),
    customBounds: fc.constant<number[]>([]),
  });
  const custom = fc.record({
    ...numbers,
    zeroCount: fc.constant(0),
    schema: fc.constant(customSchema),
    zeroThreshold: fc.constant(0),
    positive: buckets(kind, 0),
    negative: fc.constant({ indices: [], counts: [] }),
    customBounds: fc.constantFrom(
      Array.from({ length: 70 }, (_, i) => i / 8),
      Array.from({ length: 70 }, (_, i) => (i - 7) * 0.1),
      Array.from({ length: 70 }, (_, i) => i * 1e6),
    ),
  });
  return fc.oneof({ weight: 3, arbitrary: exponential }, { weight: 1, arbitrary: custom });
}

/** The histogram after another one in a counter: every number has grown or is the same. */
function grown(before: FloatHistogram, by: number): FloatHistogram {
  const grow = ({ indices, counts }: BucketCounts): BucketCounts => ({
    indices,
    counts: counts.map((one, i) => one + ((i * by) % 7)),
  });
  const positive = grow(before.positive);
  return {
    ...before,
    hint: "unknown",
    count: before.count + by,
    zeroCount: before.zeroCount === 0 ? 0 : before.zeroCount + (by % 3),
    sum: before.sum + by / 4,
    positive: by % 5 === 0 ? withOneMore(positive) : positive,
    negative: grow(before.negative),
  };
}

function withOneMore({ indices, counts }: BucketCounts): BucketCounts {
  return { indices: [...indices, Math.max(31, (indices.at(-1) ?? 0) + 2)], counts: [...counts, 1] };
}

/** One sample: a float, a stale marker, a histogram that follows from the last, or any histogram. */
type Row =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "stale" }
  | { readonly kind: "grown"; readonly by: number }
  | { readonly kind: "any"; readonly histogram: FloatHistogram };

function row(kind: CountKind): fc.Arbitrary<Row> {
  return fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("float" as const), value: fc.double() }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "stale" as const }) },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("grown" as const), by: fc.nat(10_000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("any" as const), histogram: histogram(kind) }),
    },
  );
}

/** A series of floats and histograms in turn, with start times where `startTimes` says so. */
export function mixedColumns(kind: CountKind, startTimes: boolean): fc.Arbitrary<SampleColumns> {
  const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), row(kind), fc.nat(3)), {
    minLength: 1,
    maxLength: 60,
  });
  return fc.tuple(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), rows).map(([startMs, found]) => {
    const columns = makeColumns(found.length);
    columns.histograms = [];
    if (startTimes) columns.startTimesMs = new Float64Array(found.length);
    let timeMs = startMs;
    let last: FloatHistogram | undefined;
    for (const [step, one, start] of found) {
      const i = columns.length++;
      timeMs += step;
      columns.timesMs[i] = timeMs;
      if (one.kind === "any") last = one.histogram;
      else if (one.kind === "grown" && last !== undefined) last = grown(last, one.by);
      const isHistogram = one.kind === "any" || (one.kind === "grown" && last !== undefined);
      columns.histograms.push(isHistogram ? last : undefined);
      if (one.kind === "float") columns.values[i] = one.value;
      if (one.kind === "stale") columns.words.set([2, 0x7ff0_0000], 2 * i);
      if (columns.startTimesMs !== undefined) {
        columns.startTimesMs[i] = [0, startMs, startMs, timeMs - 7][start] as number;
      }
    }
    return columns;
  });
}
