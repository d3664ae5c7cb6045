import { expect, test } from "vitest";
import {
  type ChunkEncoding,
  chunkEncodings,
  emptyHistogram,
  type FloatHistogram,
} from "../../../server/model/index.ts";
import { BlockChunks } from "../../../server/ingester/block-chunks.ts";
import type { ShardChunk } from "../../../server/ingester/series-table.ts";
import {
  createChunkDecoder,
  encodeChunks,
  type EncodeOptions,
  makeColumns,
} from "../../../server/tsdb/index.ts";

const range = { startMs: 0, endMs: 7_199_999 };
const noFiles = new BlockChunks({
  read: () => {
    throw new Error("there are no files here");
  },
  close: () => undefined,
});

function counter(count: number): FloatHistogram {
  return { ...emptyHistogram, count, positive: { indices: [1], counts: [count] } };
}

/** Chunks of samples, as a shard has them open. */
function shardChunks(
  samples: readonly (readonly [timeMs: number, value: number | FloatHistogram, startMs?: number])[],
  options: EncodeOptions = { floatHistograms: false, xor2: false },
): ShardChunk[] {
  const columns = makeColumns(samples.length);
  columns.histograms = [];
  columns.startTimesMs = new Float64Array(samples.length);
  for (const [timeMs, value, startMs] of samples) {
    const i = columns.length++;
    columns.timesMs[i] = timeMs;
    columns.startTimesMs[i] = startMs ?? 0;
    if (typeof value === "number") columns.values[i] = value;
    columns.histograms.push(typeof value === "number" ? undefined : value);
  }
  return encodeChunks(columns, options).map((chunk) => ({
    shard: 0,
    chunk: { ...chunk, file: 0, offsetBytes: 0, sizeBytes: 0 },
  }));
}

function samplesOf(chunks: ReturnType<BlockChunks["of"]>): [number, number, number][] {
  const columns = makeColumns(1);
  for (const chunk of chunks) createChunkDecoder().decode(chunk, range, columns);
  return Array.from({ length: columns.length }, (_, i) => [
    columns.timesMs[i] as number,
    columns.histograms?.[i]?.count ?? (columns.values[i] as number),
    columns.startTimesMs?.[i] ?? 0,
  ]);
}

function encodingsOf(chunks: ReturnType<BlockChunks["of"]>): ChunkEncoding[] {
  return chunks.map(({ encoding }) => encoding);
}

test("chunks that stand clear of each other are taken as they are, with their samples counted", () => {
  const chunks = shardChunks([
    [1000, 1, 500],
    [2000, counter(1), 500],
    [3000, counter(2), 500],
    [4000, counter(1)],
  ]);
  const made = noFiles.of(chunks, range);
  expect(made.map(({ bytes }) => bytes)).toEqual(chunks.map(({ chunk }) => chunk.bytes));
  expect(made.map(({ samples }) => samples)).toEqual([1, 2, 1]);
  const { xor2, histogramST, histogram } = chunkEncodings;
  expect(encodingsOf(made)).toEqual([xor2, histogramST, histogram]);
});

test("late histograms and floats are merged in; integers stay integers", () => {
  const made = noFiles.of(
    [
      ...shardChunks([
        [1000, counter(1)],
        [3000, counter(3)],
        [5000, 5],
      ]),
      ...shardChunks([[2000, counter(2)]]),
      ...shardChunks([[4000, 4]]),
    ],
    range,
  );
  expect(samplesOf(made)).toEqual([
    [1000, 1, 0],
    [2000, 2, 0],
    [3000, 3, 0],
    [4000, 4, 0],
    [5000, 5, 0],
  ]);
  expect(encodingsOf(made)).toEqual([chunkEncodings.histogram, chunkEncodings.xor]);
});

test("float histograms among them make all float; start times are kept", () => {
  const floats = { floatHistograms: true, xor2: false };
  const made = noFiles.of(
    [
      ...shardChunks([
        [1000, counter(1)],
        [3000, counter(3)],
      ]),
      ...shardChunks([[2000, counter(2.5), 700]], floats),
    ],
    range,
  );
  expect(samplesOf(made)).toEqual([
    [1000, 1, 0],
    [2000, 2.5, 700],
    [3000, 3, 0],
  ]);
  expect(encodingsOf(made)).toEqual([chunkEncodings.floatHistogramST]);
});

test("floats in XOR2 chunks stay in them", () => {
  const xor2 = { floatHistograms: false, xor2: true };
  const made = noFiles.of(
    [
      ...shardChunks(
        [
          [1000, 1],
          [3000, 3],
        ],
        xor2,
      ),
      ...shardChunks([[2000, 2]], xor2),
    ],
    range,
  );
  expect(encodingsOf(made)).toEqual([chunkEncodings.xor2]);
});

test("an encoding that nobody knows is an error", () => {
  const [one] = shardChunks([[1000, 1]]);
  const unknown = { shard: 0, chunk: { ...(one as ShardChunk).chunk, encoding: 9 } };
  expect(() => noFiles.of([unknown], range)).toThrow(/encoding 9/);
});
