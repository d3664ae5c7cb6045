import { describe, expect, test } from "vitest";
import { SeriesTable } from "../../../server/ingester/series-table.ts";
import type { FrameChunk } from "../../../server/wire/index.ts";

function chunk(minTimeMs: number, bytes?: Uint8Array): FrameChunk {
  const maxTimeMs = minTimeMs + 10.5;
  return { encoding: 1, minTimeMs, maxTimeMs, bytes, file: 7, offsetBytes: 4e9, sizeBytes: 33 };
}

describe("the series of a block to be", () => {
  test("come sorted by labels in UTF-8 order, a prefix first", () => {
    const table = new SeriesTable();
    const sets = [
      ["a", "\u{10000}"],
      ["a", "\u{ffff}"],
      ["b", "1"],
      ["a", "x", "b", "1"],
      ["a", "x"],
      [],
    ];
    for (const labels of sets) table.add(0, { labels, chunks: [] });
    expect([...table.sorted()].map(({ labels }) => labels)).toEqual([
      [],
      ["a", "x"],
      ["a", "x", "b", "1"],
      ["a", "\u{ffff}"],
      ["a", "\u{10000}"],
      ["b", "1"],
    ]);
    expect(table.symbols()).toEqual(["1", "a", "b", "x", "\u{ffff}", "\u{10000}"]);
  });

  test("what two shards have of one series comes as one", () => {
    const table = new SeriesTable();
    table.add(0, { labels: ["a", "1"], chunks: [chunk(1), chunk(2)] });
    table.add(0, { labels: ["a", "2"], chunks: [chunk(3)] });
    table.add(1, { labels: ["a", "1"], chunks: [chunk(-5)] });
    const [first, second] = [...table.sorted()];
    expect(first?.chunks.map(({ shard, chunk: { minTimeMs } }) => [shard, minTimeMs])).toEqual([
      [0, 1],
      [0, 2],
      [1, -5],
    ]);
    expect(second?.chunks).toEqual([{ shard: 0, chunk: chunk(3) }]);
  });

  test("bytes are copied, for frames are only borrowed", () => {
    const table = new SeriesTable();
    const frame = Uint8Array.of(1, 2, 3);
    table.add(2, { labels: ["a", "1"], chunks: [chunk(1), chunk(2, frame)] });
    frame.fill(0);
    const [only] = [...table.sorted()];
    expect(only?.chunks[0]?.chunk.bytes).toBeUndefined();
    expect(only?.chunks[1]?.chunk.bytes).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("thousands of series grow the columns", () => {
    const table = new SeriesTable();
    for (let i = 4999; i >= 0; i--) {
      const value = String(i).padStart(4, "0");
      table.add(0, { labels: ["n", value], chunks: [chunk(i), chunk(i + 20)] });
    }
    const series = [...table.sorted()];
    expect(series.map(({ labels }) => Number(labels[1]))).toEqual(
      Array.from({ length: 5000 }, (_, i) => i),
    );
    expect(
      series.every(({ labels, chunks }) => chunks[1]?.chunk.minTimeMs === Number(labels[1]) + 20),
    ).toBe(true);
  });
});
