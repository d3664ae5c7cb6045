import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { histogramsEqual } from "../../server/model/index.ts";
import { CorruptionError } from "../../server/platform/base/index.ts";
import {
  createChunkDecoder,
  encodeChunks,
  type EncodeOptions,
  makeColumns,
  type SampleColumns,
} from "../../server/tsdb/index.ts";
import { mixedColumns } from "../support/histograms.ts";

const everything = { startMs: -Infinity, endMs: Infinity };
const decoder = createChunkDecoder();

interface Case extends EncodeOptions {
  readonly name: string;
  readonly startTimes: boolean;
}

const cases: readonly Case[] = [
  { name: "integer histograms", floatHistograms: false, xor2: false, startTimes: false },
  { name: "float histograms", floatHistograms: true, xor2: true, startTimes: false },
  {
    name: "integer histograms with start times",
    floatHistograms: false,
    xor2: false,
    startTimes: true,
  },
  {
    name: "float histograms with start times",
    floatHistograms: true,
    xor2: false,
    startTimes: true,
  },
];

function columnsOf({ floatHistograms, startTimes }: Case): fc.Arbitrary<SampleColumns> {
  return mixedColumns(floatHistograms ? "float" : "whole", startTimes);
}

function decodeAll(
  columns: SampleColumns,
  options: EncodeOptions,
  range = everything,
): SampleColumns {
  const into = makeColumns(1);
  for (const chunk of encodeChunks(columns, options)) decoder.decode(chunk, range, into);
  return into;
}

/** Compares sample `i` with sample `k` of other columns, all but the hint. */
function expectSame(a: SampleColumns, i: number, { b, k }: { b: SampleColumns; k: number }): void {
  expect(a.timesMs[i]).toBe(b.timesMs[k]);
  expect(a.startTimesMs?.[i] ?? 0).toBe(b.startTimesMs?.[k] ?? 0);
  const [left, right] = [a.histograms?.[i], b.histograms?.[k]];
  if (left === undefined || right === undefined) {
    expect(left).toBe(right);
    expect(a.words.slice(2 * i, 2 * i + 2)).toEqual(b.words.slice(2 * k, 2 * k + 2));
    return;
  }
  expect(histogramsEqual(left, right)).toBe(true);
}

for (const options of cases) {
  describe(options.name, () => {
    test("floats, stale markers and histograms in turn come back as they were", () => {
      fc.assert(
        fc.property(columnsOf(options), (columns) => {
          const into = decodeAll(columns, options);
          expect(into.length).toBe(columns.length);
          for (let i = 0; i < into.length; i++) expectSame(into, i, { b: columns, k: i });
        }),
      );
    });

    test("hints: gauges stay gauges, and that there was no reset is told only where it is true", () => {
      fc.assert(
        fc.property(columnsOf(options), (columns) => {
          const into = decodeAll(columns, options);
          for (let i = 0; i < into.length; i++) {
            const hint = into.histograms?.[i]?.hint;
            const given = columns.histograms?.[i];
            if (given === undefined) continue;
            expect(hint === "gauge").toBe(given.hint === "gauge");
            if (given.hint === "reset") expect(hint).toBe("unknown");
            const before = columns.histograms?.[i - 1];
            if (hint === "not-reset" && before !== undefined) {
              expect(given.count).toBeGreaterThanOrEqual(before.count);
              expect(given.schema).toBe(before.schema);
            }
            if (hint === "not-reset") expect(before).toBeDefined();
          }
        }),
      );
    });

    test("a cut keeps exactly the samples of the closed range", () => {
      fc.assert(
        fc.property(columnsOf(options), fc.nat(60), fc.nat(60), (columns, a, b) => {
          const pick = (i: number): number => columns.timesMs[i % columns.length] as number;
          const range = { startMs: Math.min(pick(a), pick(b)), endMs: Math.max(pick(a), pick(b)) };
          const into = decodeAll(columns, options, range);
          const wanted = Array.from({ length: columns.length }, (_, i) => i).filter((i) => {
            const timeMs = columns.timesMs[i] as number;
            return timeMs >= range.startMs && timeMs <= range.endMs;
          });
          expect(into.length).toBe(wanted.length);
          for (const [i, k] of wanted.entries()) expectSame(into, i, { b: columns, k });
        }),
      );
    });

    test("damaged bytes give samples in order or CorruptionError, never anything else", () => {
      const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(columnsOf(options), damage, fc.nat(4000), (columns, flips, keep) => {
          for (const { encoding, bytes } of encodeChunks(columns, options)) {
            for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
            const into = makeColumns(1);
            try {
              const cut = bytes.subarray(0, keep % (bytes.length + 1));
              decoder.decode({ encoding, bytes: cut }, everything, into);
            } catch (error) {
              expect(error).toBeInstanceOf(CorruptionError);
              expect(into.length).toBe(0);
              expect(into.histograms ?? []).toEqual([]);
            }
            for (let i = 1; i < into.length; i++) {
              expect(into.timesMs[i]).toBeGreaterThanOrEqual(into.timesMs[i - 1] as number);
            }
          }
        }),
      );
    });

    test("bytes by chance are no chunk or a few samples, soon", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(2, 3, 5, 6), (bytes, n) => {
          const encoding = n as 2 | 3 | 5 | 6;
          const into = makeColumns(1);
          try {
            decoder.decode({ encoding, bytes }, everything, into);
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        }),
      );
    });
  });
}
