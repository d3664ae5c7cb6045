import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ChunkEncoding,
  ChunkSchema,
  type SeriesChunks,
  SeriesChunksSchema,
  type SeriesFrame,
  SeriesFrameSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { ColumnsFrameSchema, type NativeHistogram } from "../../gen/urd/query/v1/query_pb.ts";
import type { FloatHistogram } from "../../server/model/index.ts";
import { CorruptionError } from "../../server/platform/base/index.ts";
import {
  createColumnsFrameEncoder,
  createSeriesFrameDecoder,
  createSeriesFrameEncoder,
  type FrameChunk,
} from "../../server/wire/index.ts";
import { histogram } from "../support/histograms.ts";

type FramePair = Parameters<ReturnType<typeof createSeriesFrameEncoder>["addSeries"]>[0][number];

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const whole = fc.oneof(
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.constantFrom(0, -1, 127, 128, -128, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53)),
);
const word = fc.nat(0xffff_ffff);

const chunk: fc.Arbitrary<FrameChunk> = fc.record({
  encoding: fc.nat(300),
  minTimeMs: whole,
  maxTimeMs: whole,
  bytes: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  file: word,
  offsetBytes: word,
  sizeBytes: word,
});

/** Frames of series; pair ids stand for the pairs, as a shard's do. */
const frames = fc.array(
  fc.array(
    fc.record({
      pairs: fc.array(fc.tuple(text, text), { maxLength: 6 }),
      chunks: fc.array(chunk, { maxLength: 4 }),
    }),
    { maxLength: 5 },
  ),
  { minLength: 1, maxLength: 4 },
);

type Frames = typeof frames extends fc.Arbitrary<infer T> ? T : never;

function pairIds(): (pair: readonly [string, string]) => FramePair {
  const ids = new Map<string, number>();
  return ([name, value]) => {
    const key = JSON.stringify([name, value]);
    const pairId = ids.get(key) ?? ids.size + 1;
    ids.set(key, pairId);
    return { pairId, name, value };
  };
}

function encodeAll(input: Frames): Uint8Array[] {
  const encoder = createSeriesFrameEncoder();
  const pairOf = pairIds();
  return input.map((series) => {
    for (const one of series) encoder.addSeries(one.pairs.map(pairOf), one.chunks);
    const sizeBytes = encoder.sizeBytes();
    const frame = encoder.take();
    expect(frame.length).toBe(sizeBytes);
    return frame;
  });
}

/** The same message by protobuf-es, the oracle. */
function asMessage(chunks: readonly FrameChunk[], labelRefs: number[]): SeriesChunks {
  return create(SeriesChunksSchema, {
    labelRefs,
    chunks: chunks.map((one) =>
      create(ChunkSchema, {
        encoding: one.encoding as ChunkEncoding,
        minTimeMs: BigInt(one.minTimeMs),
        maxTimeMs: BigInt(one.maxTimeMs),
        ...(one.bytes === undefined
          ? { location: { file: one.file, offset: one.offsetBytes, sizeBytes: one.sizeBytes } }
          : { data: one.bytes }),
      }),
    ),
  });
}

function oracle(input: Frames): SeriesFrame[] {
  const refs = new Map<string, number>();
  return input.map((series) => {
    const symbols: string[] = [];
    const refOf = (string: string): number => {
      const known = refs.get(string);
      if (known !== undefined) return known;
      symbols.push(string);
      refs.set(string, refs.size);
      return refs.size - 1;
    };
    const messages = series.map((one) => asMessage(one.chunks, one.pairs.flat().map(refOf)));
    return create(SeriesFrameSchema, { symbols, series: messages });
  });
}

describe("series frames", () => {
  test("the encoder writes the bytes that protobuf-es writes", () => {
    fc.assert(
      fc.property(frames, (input) => {
        const expected = oracle(input).map((frame) => toBinary(SeriesFrameSchema, frame));
        expect(encodeAll(input)).toEqual(expected);
      }),
    );
  });

  test("the decoder reads what protobuf-es wrote", () => {
    fc.assert(
      fc.property(frames, (input) => {
        const decoder = createSeriesFrameDecoder();
        const received = oracle(input).map((frame) =>
          decoder.decode(toBinary(SeriesFrameSchema, frame)),
        );
        expect(
          received.map((series) =>
            series.map((one) => [one.labels, asMessage(one.chunks, [])] as const),
          ),
        ).toEqual(
          input.map((series) =>
            series.map((one) => [one.pairs.flat(), asMessage(one.chunks, [])] as const),
          ),
        );
      }),
    );
  });

  test("damaged frames are refused or read, and never crash", () => {
    const damage = fc.array(fc.tuple(fc.nat(5000), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(frames, damage, fc.nat(5000), (input, flips, keep) => {
        const decoder = createSeriesFrameDecoder();
        for (const frame of encodeAll(input)) {
          if (frame.length === 0) continue;
          for (const [at, byte] of flips) frame[at % frame.length] = byte;
          try {
            decoder.decode(frame.subarray(0, keep % (frame.length + 1)));
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptionError);
          }
        }
      }),
    );
  });
});

describe("columns frames", () => {
  test("protobuf-es reads what the encoder wrote, -0 and NaN included", () => {
    const series = fc.record({
      labels: fc.array(text, { maxLength: 6 }),
      times: fc.array(whole, { maxLength: 20 }),
      value: fc.double(),
      skip: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(series, { maxLength: 6 }), (input) => {
        const encoder = createColumnsFrameEncoder();
        const symbols: string[] = [];
        for (const one of input) {
          const timesMs = new Float64Array(one.times);
          const values = new Float64Array(one.times.length).fill(one.value);
          const from = Math.min(one.skip, one.times.length);
          encoder.addSeries({ labels: one.labels, timesMs, values, from, to: timesMs.length });
        }
        const frame = fromBinary(ColumnsFrameSchema, encoder.take());
        symbols.push(...frame.symbols);
        expect(
          frame.series.map((one) => [
            one.labelRefs.map((ref) => symbols[ref]),
            one.timesMs,
            one.values,
          ]),
        ).toEqual(
          input.map((one) => {
            const times = one.times.slice(one.skip);
            return [one.labels, times, times.map(() => one.value)];
          }),
        );
      }),
    );
  });

  test("protobuf-es reads native histograms at their positions", () => {
    const samples = fc.array(fc.option(histogram("float"), { nil: undefined }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(samples, fc.nat(3)), { maxLength: 5 }), (input) => {
        const encoder = createColumnsFrameEncoder();
        for (const [histograms, skip] of input) {
          const [timesMs, values] = [new Float64Array(20), new Float64Array(20)];
          const from = Math.min(skip, histograms.length);
          const columns = { timesMs, values, histograms, from, to: histograms.length };
          encoder.addSeries({ labels: ["a", "b"], ...columns });
        }
        const sizeBytes = encoder.sizeBytes();
        const bytes = encoder.take();
        expect(bytes.length).toBe(sizeBytes);
        const { series } = fromBinary(ColumnsFrameSchema, bytes);
        expect(series.length).toBe(input.length);
        for (const [i, [histograms, skip]] of input.entries()) {
          const wanted = histograms.slice(skip);
          const positions = [...wanted.keys()].filter((k) => wanted[k] !== undefined);
          expect(series[i]?.histogramPositions).toEqual(positions);
          for (const [k, position] of positions.entries()) {
            expectSame(series[i]?.histograms[k], wanted[position]);
          }
        }
      }),
    );
  });
});

function expectSame(message: NativeHistogram | undefined, h: FloatHistogram | undefined): void {
  expect(message).toMatchObject({
    schema: h?.schema,
    zeroThreshold: h?.zeroThreshold,
    zeroCount: h?.zeroCount,
    count: h?.count,
    sum: h?.sum,
    positiveIndices: h?.positive.indices,
    positiveCounts: h?.positive.counts,
    negativeIndices: h?.negative.indices,
    negativeCounts: h?.negative.counts,
    customBounds: h?.customBounds,
    hint: ["unknown", "reset", "not-reset", "gauge"].indexOf(h?.hint ?? ""),
  });
}
