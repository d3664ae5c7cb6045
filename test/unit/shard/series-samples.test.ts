import { expect, test } from "vitest";
import { SeriesSamples } from "../../../server/shard/series-samples.ts";
import {
  type EncodedBytes,
  encodeXor,
  makeColumns,
  type SampleColumns,
} from "../../../server/tsdb/index.ts";

const staleBits = 0x7ff0000000000002n;

function chunk(samples: readonly (readonly [number, number | bigint])[]): EncodedBytes {
  const columns = makeColumns(samples.length);
  const bits = new BigUint64Array(columns.values.buffer);
  for (const [i, [timeMs, value]] of samples.entries()) {
    columns.timesMs[i] = timeMs;
    if (typeof value === "bigint") bits[i] = value;
    else columns.values[i] = value;
  }
  columns.length = samples.length;
  return { encoding: 1, bytes: encodeXor(columns, 0, samples.length) };
}

function listed(columns: SampleColumns): [number, number][] {
  return Array.from({ length: columns.length }, (_, i) => [
    columns.timesMs[i] as number,
    columns.values[i] as number,
  ]);
}

test("chunks that overlap become one ascending column", () => {
  const samples = new SeriesSamples();
  expect(
    listed(
      samples.read([
        chunk([
          [1, 1],
          [2, 2],
        ]),
        chunk([[3, 3]]),
      ]),
    ),
  ).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  expect(
    listed(
      samples.read([
        chunk([
          [1, 1],
          [5, 5],
        ]),
        chunk([
          [2, 2],
          [3, 3],
        ]),
      ]),
    ),
  ).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
  ]);
});

test("at one time a value beats a stale marker, then the greater bits win", () => {
  const samples = new SeriesSamples();
  for (const chunks of [
    [
      chunk([
        [1, staleBits],
        [2, 4],
      ]),
      chunk([
        [1, 7],
        [2, 3],
      ]),
    ],
    [
      chunk([
        [1, 7],
        [2, 3],
      ]),
      chunk([
        [1, staleBits],
        [2, 4],
      ]),
    ],
  ]) {
    expect(listed(samples.read(chunks))).toEqual([
      [1, 7],
      [2, 4],
    ]);
  }
});
