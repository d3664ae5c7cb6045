import { expect, test } from "vitest";
import {
  chunkEncodings,
  emptyHistogram,
  type FloatHistogram,
} from "../../../../server/model/index.ts";
import { encodeChunks, makeColumns, type SampleColumns } from "../../../../server/tsdb/index.ts";

const integers = { floatHistograms: false, xor2: false };

function columnsOf(samples: readonly (number | FloatHistogram)[]): SampleColumns {
  const columns = makeColumns(samples.length);
  columns.length = samples.length;
  columns.histograms = samples.map((sample) => (typeof sample === "number" ? undefined : sample));
  for (const [i, sample] of samples.entries()) {
    columns.timesMs[i] = 1000 * i;
    if (typeof sample === "number") columns.values[i] = sample;
  }
  return columns;
}

function counter(count: number): FloatHistogram {
  const positive = { indices: [1], counts: [count] };
  return { ...emptyHistogram, count, sum: count, positive };
}

/** Samples and header of each chunk; the header is byte 2 of a chunk without start times. */
function outline(columns: SampleColumns): [encoding: number, samples: number, flags: number][] {
  return encodeChunks(columns, integers).map(({ encoding, samples, bytes }) => {
    return [encoding, samples, encoding === chunkEncodings.xor ? 0 : (bytes[2] as number)];
  });
}

test("a chunk has up to 120 samples; the next one knows that there was no reset", () => {
  const columns = columnsOf(Array.from({ length: 250 }, (_, i) => counter(i + 1)));
  expect(outline(columns)).toEqual([
    [2, 120, 0b00_000000],
    [2, 120, 0b01_000000],
    [2, 10, 0b01_000000],
  ]);
});

test("a count that fell begins a chunk, which says so", () => {
  expect(outline(columnsOf([counter(5), counter(6), counter(2), counter(3)]))).toEqual([
    [2, 2, 0],
    [2, 2, 0b10_000000],
  ]);
});

test("another schema begins a chunk, which cannot tell; gauges have chunks of their own", () => {
  const coarse = { ...counter(9), schema: -1 };
  const gauge: FloatHistogram = { ...counter(1), hint: "gauge" };
  expect(outline(columnsOf([counter(5), coarse, gauge, gauge]))).toEqual([
    [2, 1, 0],
    [2, 1, 0],
    [2, 2, 0b11_000000],
  ]);
});

test("floats and histograms take turns", () => {
  expect(outline(columnsOf([1, 2, counter(1), counter(2), 3]))).toEqual([
    [1, 2, 0],
    [2, 2, 0],
    [1, 1, 0],
  ]);
});

test("chunks take the forms that keep start times where a sample has one", () => {
  const columns = columnsOf([1, counter(1), 2, counter(2)]);
  columns.startTimesMs = Float64Array.of(0, 0, 5, 5);
  const encodings = (floatHistograms: boolean, xor2: boolean): number[] =>
    encodeChunks(columns, { floatHistograms, xor2 }).map(({ encoding }) => encoding);
  const { xor, histogram, floatHistogram, xor2, histogramST, floatHistogramST } = chunkEncodings;
  expect(encodings(false, false)).toEqual([xor, histogram, xor2, histogramST]);
  expect(encodings(true, true)).toEqual([xor2, floatHistogram, xor2, floatHistogramST]);
});
