import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunMerger } from "../../../server/tsdb/merge-runs.ts";
import { makeColumns, type SampleColumns } from "../../../server/tsdb/index.ts";

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
