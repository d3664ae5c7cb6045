import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CounterResetHint,
  emptyHistogram,
  type FloatHistogram,
} from "../../../server/model/index.ts";
import { createRunMerger } from "../../../server/tsdb/merge-runs.ts";
import { makeColumns, type SampleColumns } from "../../../server/tsdb/index.ts";
import { mixedColumns } from "../../support/histograms.ts";

type Row = readonly [timeMs: number, low: number, high: number];

const stale: readonly [number, number] = [2, 0x7ff0_0000];

function columnsOf(rows: readonly Row[]): SampleColumns {
  const columns = makeColumns(rows.length);
  for (const [timeMs, low, high] of rows) {
    const i = columns.length++;
    columns.timesMs[i] = timeMs;
    columns.words[2 * i] = low;
    columns.words[2 * i + 1] = high;
  }
  return columns;
}

function rowsOf(columns: SampleColumns, from: number): Row[] {
  return Array.from({ length: columns.length - from }, (_, k) => [
    columns.timesMs[from + k] as number,
    columns.words[2 * (from + k)] as number,
    columns.words[2 * (from + k) + 1] as number,
  ]);
}

/** The rule in its slowest form: all samples of one time side by side, the best of them stays. */
function oracle(rows: readonly Row[]): Row[] {
  const isStale = ([, low, high]: Row): boolean => low === stale[0] && high === stale[1];
  const bits = ([, low, high]: Row): bigint => (BigInt(high) << 32n) | BigInt(low);
  const byTime = Map.groupBy(rows, ([timeMs]) => timeMs);
  return [...byTime.keys()]
    .sort((a, b) => a - b)
    .map((timeMs) =>
      (byTime.get(timeMs) as Row[]).reduce((best, row) => {
        if (isStale(best) !== isStale(row)) return isStale(best) ? row : best;
        return bits(row) > bits(best) ? row : best;
      }),
    );
}

const words = fc.oneof(
  fc.constant(stale),
  fc.tuple(fc.nat(3), fc.constantFrom(0, 0x3ff0_0000, 0x7ff8_0000, 0xbff0_0000)),
);
const run = fc
  .uniqueArray(fc.tuple(fc.nat(30), words), { selector: ([timeMs]) => timeMs, maxLength: 12 })
  .map((rows) => rows.sort(([a], [b]) => a - b).map(([t, [low, high]]): Row => [t, low, high]));

test("any runs become the one that the rule tells; what stands before stays", () => {
  const merger = createRunMerger();
  fc.assert(
    fc.property(fc.array(run, { maxLength: 7 }), run, (runs, before) => {
      const columns = columnsOf([...before, ...runs.flat()]);
      merger.merge(columns, before.length);
      expect(rowsOf(columns, before.length)).toEqual(oracle(runs.flat()));
      expect(rowsOf({ ...columns, length: before.length }, 0)).toEqual(before);
    }),
  );
});

test("a value beats a staleness marker, then the greater bits win, signs included", () => {
  const one = [0, 0x3ff0_0000] as const;
  const minusOne = [0, 0xbff0_0000] as const;
  const columns = columnsOf([
    [1, ...stale],
    [2, ...one],
    [3, ...one],
    [1, ...one],
    [2, ...stale],
    [3, ...minusOne],
  ]);
  createRunMerger().merge(columns, 0);
  expect(rowsOf(columns, 0)).toEqual([
    [1, ...one],
    [2, ...one],
    [3, ...minusOne],
  ]);
});

describe("runs with histograms", () => {
  const counter = (count: number, hint: CounterResetHint = "not-reset"): FloatHistogram => {
    return { ...emptyHistogram, count, hint };
  };

  /** Rows of time and sample: a float, "stale" or a histogram; start times are the time less 1. */
  function mixed(rows: readonly (readonly [number, number | "stale" | FloatHistogram])[]) {
    const columns = makeColumns(rows.length);
    columns.histograms = [];
    columns.startTimesMs = new Float64Array(rows.length);
    for (const [timeMs, sample] of rows) {
      const i = columns.length++;
      columns.timesMs[i] = timeMs;
      columns.startTimesMs[i] = timeMs - 1;
      if (sample === "stale") columns.words.set(stale, 2 * i);
      else if (typeof sample === "number") columns.values[i] = sample;
      columns.histograms.push(typeof sample === "object" ? sample : undefined);
    }
    return columns;
  }

  function merged(columns: SampleColumns): unknown[] {
    createRunMerger().merge(columns, 0);
    expect([...(columns.startTimesMs ?? [])].slice(0, columns.length)).toEqual(
      Array.from({ length: columns.length }, (_, i) => (columns.timesMs[i] as number) - 1),
    );
    expect(columns.histograms?.length).toBe(columns.length);
    return Array.from({ length: columns.length }, (_, i) => {
      const histogram = columns.histograms?.[i];
      const isStale = columns.words[2 * i] === 2;
      const sample = isStale ? "stale" : columns.values[i];
      return histogram === undefined ? sample : [histogram.count, histogram.hint];
    });
  }

  test("a histogram beats a marker and a float, then the one with more observations wins", () => {
    const rows = mixed([
      ...([
        [1, "stale"],
        [2, 7],
        [3, counter(3)],
        [4, counter(9)],
      ] as const),
      ...([
        [1, counter(1)],
        [2, counter(2)],
        [3, "stale"],
        [4, counter(8)],
        [5, 5],
      ] as const),
    ]);
    expect(merged(rows)).toEqual([
      [1, "not-reset"],
      [2, "not-reset"],
      [3, "unknown"],
      [9, "not-reset"],
      5,
    ]);
  });

  test("a histogram forgets its predecessor where another run's sample comes between", () => {
    const rows = mixed([
      [1, counter(1, "unknown")],
      [3, counter(3)],
      [4, counter(4)],
      [2, counter(2, "gauge")],
      [5, counter(5)],
    ]);
    expect(merged(rows)).toEqual([
      [1, "unknown"],
      [2, "gauge"],
      [3, "unknown"],
      [4, "not-reset"],
      [5, "unknown"],
    ]);
  });

  test("what is dropped leaves no start time behind", () => {
    const columns = mixed([
      [1, 1],
      [2, 2],
      [1, 1],
      [2, 2],
    ]);
    merged(columns);
    expect(columns.length).toBe(2);
    expect([...(columns.startTimesMs ?? [])]).toEqual([0, 1, 0, 0]);
  });

  test("the order of runs does not matter", () => {
    fc.assert(
      fc.property(
        fc.array(mixedColumns("whole", true), { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (runs, seed) => {
          const turned = runs.map((_, i) => runs[(i + seed) % runs.length] as SampleColumns);
          const [a, b] = [joined(runs), joined(turned)];
          createRunMerger().merge(a, 0);
          createRunMerger().merge(b, 0);
          expect(withoutHints(a)).toEqual(withoutHints(b));
        },
      ),
    );
  });
});

/** Runs one behind the other, all shifted to begin at 0 so that times meet. */
function joined(runs: readonly SampleColumns[]): SampleColumns {
  const into = makeColumns(runs.reduce((size, { length }) => size + length, 0));
  into.histograms = [];
  into.startTimesMs = new Float64Array(into.timesMs.length);
  for (const run of runs) {
    for (let i = 0; i < run.length; i++) {
      const to = into.length++;
      into.timesMs[to] = i * (1 + (run.length % 3));
      into.words.set(run.words.subarray(2 * i, 2 * i + 2), 2 * to);
      into.startTimesMs[to] = run.startTimesMs?.[i] ?? 0;
      into.histograms.push(run.histograms?.[i]);
    }
  }
  return into;
}

function withoutHints(columns: SampleColumns): unknown[] {
  return Array.from({ length: columns.length }, (_, i) => {
    const histogram = columns.histograms?.[i];
    const bits = [...columns.words.slice(2 * i, 2 * i + 2)];
    const sample = histogram === undefined ? bits : { ...histogram, hint: "" };
    return [columns.timesMs[i], columns.startTimesMs?.[i], sample];
  });
}
