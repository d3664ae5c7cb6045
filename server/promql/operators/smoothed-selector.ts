import { type FloatHistogram, hasCustomBuckets } from "../../model/index.ts";
import type { SeriesColumns } from "../../storage/index.ts";
import { interpolate } from "../functions/extended-rate.ts";
import { interpolateHistograms } from "../functions/extended-histograms.ts";
import { remarkOnHistograms } from "../functions/histogram-rate.ts";
import {
  mixedBucketsText,
  mixedKindsText,
  type RemarkPlace,
  remarkOnMetric,
} from "../functions/metric-remarks.ts";
import type { VectorSelector } from "../parser/index.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { instantSelection, shiftedMs, shiftOf } from "../plan/selector-ranges.ts";
import { setSample } from "./native-histograms.ts";
import { isEmpty } from "./presence.ts";
import { type CleanColumns, samplesOfKind } from "./stale-markers.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type StepBatch,
  type StepColumn,
} from "./stream.ts";

/**
 * At each step the value on the line between the samples around it, both within the look-back.
 * Without one after it the last value goes on; without one before it there is nothing.
 */
export async function* readSmoothed(
  node: VectorSelector,
  grid: StepGrid,
  ctx: EvalContext,
): AsyncIterable<StepBatch> {
  if (grid.count === 0) return;
  const shift = shiftOf(node);
  const timesMs = Float64Array.from({ length: grid.count }, (_, step) =>
    shiftedMs(shift, stepTimeMs(grid, step)),
  );
  const builder = createBatchBuilder(grid.count);
  const selection = instantSelection(node, grid, ctx.lookbackDeltaMs);
  for await (const batch of ctx.queryable.select(selection, ctx.call)) {
    await checkpoint(ctx);
    for (const series of batch.series) {
      ctx.counters.seriesRead++;
      ctx.counters.samplesRead += series.to - series.from;
      const column = builder.column();
      fillSmoothed({ node, series, timesMs, ctx }, column);
      if (isEmpty(column.present)) continue;
      ctx.stepCounts?.addPresent(column.present);
      column.labels = series.labels;
      column.dropName = false;
      builder.commit();
      if (builder.isFull()) yield builder.take();
    }
  }
  if (!builder.isEmpty()) yield builder.take();
}

interface SmoothedFill {
  readonly node: VectorSelector;
  readonly series: SeriesColumns;
  readonly timesMs: Float64Array;
  readonly ctx: EvalContext;
}

function fillSmoothed({ node, series, timesMs, ctx }: SmoothedFill, out: StepColumn): void {
  const { annotations, lookbackDeltaMs } = ctx;
  const place: RemarkPlace = { labels: series.labels, annotations, position: node.position };
  const samples = samplesOfKind(series, "all", false);
  let [oldest, next, end] = [0, 0, 0];
  for (let step = 0; step < timesMs.length; step++) {
    const atMs = timesMs[step]!;
    while (oldest < samples.to && samples.timesMs[oldest]! <= atMs - lookbackDeltaMs) oldest++;
    while (next < samples.to && samples.timesMs[next]! < atMs) next++;
    while (end < samples.to && samples.timesMs[end]! <= atMs + lookbackDeltaMs) end++;
    const exact = next < end && samples.timesMs[next] === atMs;
    if (isMixed(samples, oldest, end)) remarkOnMetric("warning", mixedKindsText, place);
    else if (exact) setSample(out, step, sampleAt(samples, next));
    else if (next > oldest && next === end) setSample(out, step, sampleAt(samples, next - 1));
    else if (next > oldest) setSample(out, step, between(samples, { next, atMs, place }));
  }
}

function isMixed({ histograms = [] }: CleanColumns, from: number, to: number): boolean {
  let found = 0;
  for (let i = from; i < to; i++) if (histograms[i] !== undefined) found++;
  return found > 0 && found < to - from;
}

function sampleAt({ values, histograms }: CleanColumns, i: number): number | FloatHistogram {
  return histograms?.[i] ?? values[i]!;
}

/** The value between a sample and the one before. */
function between(
  { timesMs, values, histograms }: CleanColumns,
  at: { readonly next: number; readonly atMs: number; readonly place: RemarkPlace },
): number | FloatHistogram | undefined {
  const { next, atMs, place } = at;
  const [beforeMs, afterMs] = [timesMs[next - 1]!, timesMs[next]!];
  const [before, after] = [histograms?.[next - 1], histograms?.[next]];
  if (before === undefined || after === undefined) {
    const pair = { beforeMs, before: values[next - 1]!, afterMs, after: values[next]! };
    return interpolate(pair, atMs, false);
  }
  if (hasCustomBuckets(before) !== hasCustomBuckets(after)) {
    return remarkOnMetric("warning", mixedBucketsText, place);
  }
  const counter = before.hint !== "gauge" && after.hint !== "gauge";
  return interpolateHistograms({ before, beforeMs, after, afterMs }, atMs, {
    counter,
    remark: (what) => remarkOnHistograms(what, place),
  });
}
