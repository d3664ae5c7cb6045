import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptionError } from "../../server/platform/base/index.ts";
import { chunkEncodings } from "../../server/model/index.ts";
import {
  createChunkDecoder,
  createXorDecoder,
  encodeXor,
  encodeXor2,
  makeColumns,
  type SampleColumns,
} from "../../server/tsdb/index.ts";

const everything = { startMs: -Infinity, endMs: Infinity };

/** A value as its two words; odd ones are likely. */
const bits: fc.Arbitrary<readonly [number, number]> = fc.oneof(
  fc.constantFrom<readonly [number, number]>(
    [0, 0],
    [0, 0x8000_0000],
    [0, 0x7ff0_0000],
    [0, 0xfff0_0000],
    [2, 0x7ff0_0000],
    [1, 0x7ff8_0000],
    [0xdead_beef, 0xfff8_0000],
    [1, 0],
  ),
  fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)),
  fc.double().map(wordsOf),
  fc.integer({ min: -1000, max: 1000 }).map(wordsOf),
);

const delta: fc.Arbitrary<number> = fc.oneof(
  fc.constant(15_000),
  fc.integer({ min: 1, max: 40_000 }),
  fc.integer({ min: 1, max: 2_000_000 }),
  fc.constantFrom(1, 8192, 8193, 65_536, 65_537, 524_288, 524_289, 2 ** 40),
);

const samples: fc.Arbitrary<SampleColumns> = fc
  .tuple(
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    fc.array(fc.tuple(delta, bits, fc.boolean()), { minLength: 1, maxLength: 300 }),
  )
  .map(([startMs, rows]) => {
    const columns = makeColumns(rows.length);
    let timeMs = startMs;
    for (const [step, [low, high], same] of rows) {
      const i = columns.length++;
      timeMs += step;
      columns.timesMs[i] = timeMs;
      columns.words[2 * i] = same && i > 0 ? (columns.words[2 * i - 2] as number) : low;
      columns.words[2 * i + 1] = same && i > 0 ? (columns.words[2 * i - 1] as number) : high;
    }
    return columns;
  });

function wordsOf(value: number): readonly [number, number] {
  const words = new Uint32Array(new Float64Array([value]).buffer);
  return [words[0] as number, words[1] as number];
}

function rowsOf(columns: SampleColumns, from = 0): [number, number, number][] {
  return Array.from({ length: columns.length - from }, (_, k) => {
    const i = from + k;
    const low = columns.words[2 * i] as number;
    return [columns.timesMs[i] as number, low, columns.words[2 * i + 1] as number];
  });
}

describe("XOR chunks", () => {
  const decoder = createXorDecoder();

  test("what was encoded is decoded, bit for bit, wherever it lies in a buffer", () => {
    fc.assert(
      fc.property(samples, fc.nat(70), fc.nat(70), (columns, before, behind) => {
        const chunk = encodeXor(columns, 0, columns.length);
        const buffer = new Uint8Array(before + chunk.length + behind).fill(0xff);
        buffer.set(chunk, before);
        const into = makeColumns(1);
        const bytes = buffer.subarray(before, before + chunk.length);
        expect(decoder.decode(bytes, everything, into)).toBe(columns.length);
        expect(rowsOf(into)).toEqual(rowsOf(columns));
      }),
    );
  });

  test("a cut keeps exactly the samples of the closed range and what stood there before", () => {
    fc.assert(
      fc.property(samples, fc.nat(320), fc.nat(320), (columns, a, b) => {
        const pick = (i: number): number => columns.timesMs[i % columns.length] as number;
        const range = { startMs: Math.min(pick(a), pick(b)), endMs: Math.max(pick(a), pick(b)) };
        const into = makeColumns(1);
        into.timesMs[0] = 7;
        into.length = 1;
        decoder.decode(encodeXor(columns, 0, columns.length), range, into);
        expect(rowsOf(into, 1)).toEqual(
          rowsOf(columns).filter(([t]) => t >= range.startMs && t <= range.endMs),
        );
        expect(into.timesMs[0]).toBe(7);
      }),
    );
  });

  test("damaged bytes give samples in order or CorruptionError, never anything else", () => {
    const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(samples, damage, fc.nat(4000), (columns, flips, keep) => {
        const chunk = encodeXor(columns, 0, columns.length);
        for (const [at, byte] of flips) chunk[at % chunk.length] = byte;
        const into = makeColumns(1);
        try {
          decoder.decode(chunk.subarray(0, keep % (chunk.length + 1)), everything, into);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
          expect(into.length).toBe(0);
        }
        const rows = rowsOf(into);
        for (let i = 1; i < rows.length; i++) {
          expect(rows[i]?.[0]).toBeGreaterThanOrEqual(rows[i - 1]?.[0] as number);
        }
        expect(into.timesMs.length).toBeLessThanOrEqual(2 * 65_536);
      }),
    );
  });
});

/** Start times, 0 among them; often the same ones as before. */
const startTimes: fc.Arbitrary<readonly (number | undefined)[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, -5, 1_700_000_000_000) },
    { weight: 1, arbitrary: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }) },
  ),
  { maxLength: 300 },
);

/** Samples with stale markers and start times; `undefined` repeats the start time before. */
const xor2Samples = fc
  .tuple(samples, startTimes, fc.array(fc.nat(300), { maxLength: 5 }))
  .map(([columns, starts, stale]) => {
    if (starts.length > 0) {
      columns.startTimesMs = new Float64Array(columns.timesMs.length);
      for (let i = 0; i < columns.length; i++) {
        const last = i === 0 ? 0 : (columns.startTimesMs[i - 1] as number);
        columns.startTimesMs[i] = starts[i % starts.length] ?? last;
      }
    }
    for (const i of stale) columns.words.set([2, 0x7ff0_0000], 2 * (i % columns.length));
    return columns;
  });

describe("XOR2 chunks", () => {
  const decoder = createChunkDecoder();
  const encoding = chunkEncodings.xor2;
  const startsOf = (columns: SampleColumns): number[] =>
    Array.from({ length: columns.length }, (_, i) => columns.startTimesMs?.[i] ?? 0);

  test("what was encoded is decoded, bit for bit, start times with it", () => {
    fc.assert(
      fc.property(xor2Samples, (columns) => {
        const bytes = encodeXor2(columns, 0, columns.length);
        const into = makeColumns(1);
        expect(decoder.decode({ encoding, bytes }, everything, into)).toBe(columns.length);
        expect(rowsOf(into)).toEqual(rowsOf(columns));
        expect(startsOf(into)).toEqual(startsOf(columns));
      }),
    );
  });

  test("a cut keeps exactly the samples of the closed range", () => {
    fc.assert(
      fc.property(xor2Samples, fc.nat(320), fc.nat(320), (columns, a, b) => {
        const pick = (i: number): number => columns.timesMs[i % columns.length] as number;
        const range = { startMs: Math.min(pick(a), pick(b)), endMs: Math.max(pick(a), pick(b)) };
        const into = makeColumns(1);
        const bytes = encodeXor2(columns, 0, columns.length);
        decoder.decode({ encoding, bytes }, range, into);
        const isWanted = (i: number): boolean => {
          const timeMs = columns.timesMs[i] as number;
          return timeMs >= range.startMs && timeMs <= range.endMs;
        };
        expect(rowsOf(into)).toEqual(rowsOf(columns).filter((_, i) => isWanted(i)));
        expect(startsOf(into)).toEqual(startsOf(columns).filter((_, i) => isWanted(i)));
      }),
    );
  });

  test("damaged bytes give samples in order or CorruptionError, never anything else", () => {
    const damage = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(xor2Samples, damage, fc.nat(4000), (columns, flips, keep) => {
        const chunk = encodeXor2(columns, 0, columns.length);
        for (const [at, byte] of flips) chunk[at % chunk.length] = byte;
        const into = makeColumns(1);
        try {
          const bytes = chunk.subarray(0, keep % (chunk.length + 1));
          decoder.decode({ encoding, bytes }, everything, into);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError);
          expect(into.length).toBe(0);
        }
        for (let i = 1; i < into.length; i++) {
          expect(into.timesMs[i]).toBeGreaterThanOrEqual(into.timesMs[i - 1] as number);
        }
      }),
    );
  });
});
