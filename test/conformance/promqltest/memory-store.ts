import { staleHigh, staleLow } from "../../../server/model/index.ts";
import {
  createEngine,
  type Engine,
  isPresent,
  type QueryResult,
  stepTimeMs,
} from "../../../server/promql/index.ts";
import type { QueryCall } from "../../../server/storage/index.ts";
import { createMemoryQueryable } from "../../support/memory-queryable.ts";
import { scriptParseOptions } from "./pinned.ts";
import type { Answer, Point, ScriptQuery, ScriptStore } from "./store.ts";

/** Options of the engine with which Prometheus runs its scripts. */
const engine: Engine = createEngine({
  delayedNameRemoval: true,
  useStartTimestamps: true,
  subqueryStepMs: 60_000,
  parse: scriptParseOptions,
});

/** The engine alone, over samples in memory. */
export function createMemoryStore(): ScriptStore {
  let samples = createMemoryQueryable();
  return {
    async clear() {
      samples = createMemoryQueryable();
    },
    async load(series) {
      for (const { labels, samples: added } of series) {
        for (const { timeMs, value, startTimeMs } of added) {
          if (value === "stale") samples.add(labels, timeMs, { low: staleLow, high: staleHigh });
          else if (typeof value === "number") samples.add(labels, timeMs, value);
          else samples.addHistogram(labels, timeMs, value);
          if (startTimeMs !== 0) samples.setStartTime(labels, timeMs, startTimeMs);
        }
      }
    },
    async ask({ query, startMs, endMs, stepMs }: ScriptQuery) {
      const call: QueryCall = { signal: new AbortController().signal, account: { addRead() {} } };
      const result =
        stepMs === 0
          ? engine.instant({ query, timeMs: startMs }, samples, call)
          : engine.range({ query, startMs, endMs, stepMs }, samples, call);
      return collect(result);
    },
  };
}

async function collect(result: QueryResult): Promise<Answer> {
  const series: Answer["series"][number][] = [];
  for await (const batch of result.batches()) {
    if (batch.kind === "samples") {
      for (const { labels, timesMs, values, from, to, histograms } of batch.series) {
        const points: Point[] = [];
        for (let i = from; i < to; i++) {
          points.push([timesMs[i] as number, histograms?.[i] ?? (values[i] as number)]);
        }
        series.push({ labels, points });
      }
      continue;
    }
    for (const { labels, values, present, histograms } of batch.series) {
      const points: Point[] = [];
      for (let step = 0; step < result.grid.count; step++) {
        if (!isPresent(present, step)) continue;
        const value = histograms?.[step] ?? (values[step] as number);
        points.push([stepTimeMs(result.grid, step), value]);
      }
      series.push({ labels, points });
    }
  }
  return { type: result.type, text: result.text, series, ...result.annotations() };
}
