import { compareLabels, compareUtf8, type Labels } from "../../server/model/index.ts";
import { encodeXor, makeColumns, reserveSamples } from "../../server/tsdb/index.ts";
import type { BlockSeries } from "../../server/tsdb/index.ts";
import { seriesLabels } from "./load/series-model.ts";

/** First moment of the blocks that tests make: a multiple of two hours. */
export const blockStartMs: number = Math.floor(1_795_000_000_000 / 7_200_000) * 7_200_000;

/** Series for a block of two hours with a sample every `stepMs`, sorted, value = slot + i × 1.5. */
export function blockSeries(count: number, stepMs: number): BlockSeries[] {
  const samples = Math.floor(7_200_000 / stepMs);
  const series = Array.from({ length: count }, (_, number) => {
    const at = { pod: Math.floor(number / 100), generation: 0, index: number % 100 };
    const labels: Labels = seriesLabels(at).flat();
    const chunks: BlockSeries["chunks"][number][] = [];
    for (let from = 0; from < samples; from += 120) {
      const size = Math.min(120, samples - from);
      const columns = makeColumns(size);
      reserveSamples(columns, size);
      for (let i = 0; i < size; i++) {
        columns.timesMs[i] = blockStartMs + (from + i) * stepMs;
        columns.values[i] = number + (from + i) * 1.5;
      }
      chunks.push({
        encoding: 1,
        bytes: encodeXor(columns, 0, size),
        minTimeMs: columns.timesMs[0] as number,
        maxTimeMs: columns.timesMs[size - 1] as number,
        samples: size,
      });
    }
    return { labels, chunks };
  });
  return series.sort((a, b) => compareLabels(a.labels, b.labels));
}

/** All strings of the labels, as a block's symbol table wants them. */
export function symbolsOf(series: readonly BlockSeries[]): string[] {
  return [...new Set(series.flatMap(({ labels }) => labels))].sort(compareUtf8);
}
