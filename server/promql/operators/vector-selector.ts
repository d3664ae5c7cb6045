import { isStaleAt, metricNameLabel, type Matcher } from "../../model/index.ts";
import type { SeriesColumns } from "../../storage/index.ts";
import type { VectorSelector } from "../parser/index.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { instantSelection, shiftedMs, shiftOf } from "../plan/selector-ranges.ts";
import { executionError } from "../query-error.ts";
import { withStatisticsOnly } from "./histogram-statistics.ts";
import { printLabels } from "./label-sets.ts";
import { readSmoothed } from "./smoothed-selector.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type HistogramColumn,
  type StepBatch,
  type StepColumn,
  type StepStream,
} from "./stream.ts";
import { isEmpty, isPresent, setPresent } from "./presence.ts";

/**
 * What a selector puts into its columns: the samples' values, or in seconds their times or when
 * their counters began (0: not known). With "float-time" histograms are refused.
 */
export type SelectorOutput = "value" | "time" | "start-time" | "float-time";

/** The newest sample of each series at each step, unless it is too old or a staleness marker. */
export function selectInstant(
  node: VectorSelector,
  grid: StepGrid,
  ctx: EvalContext,
  output: SelectorOutput = "value",
): StepStream {
  const smoothed = node.extended === "smoothed" && output === "value";
  return {
    metricName: pinnedName(node.matchers),
    batches: () =>
      smoothed ? readSmoothed(node, grid, ctx) : readSelector({ node, grid, ctx, output }),
  };
}

/** The metric name that matchers allow, undefined when they allow several. */
export function pinnedName(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ name, type }) => name === metricNameLabel && type === "=")?.value;
}

interface SelectorRead {
  readonly node: VectorSelector;
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
  readonly output: SelectorOutput;
}

async function* readSelector(read: SelectorRead): AsyncIterable<StepBatch> {
  const { grid, ctx } = read;
  if (grid.count === 0) return;
  const selection = instantSelection(read.node, grid, ctx.lookbackDeltaMs);
  const fill = createFill(read);
  const fillHistograms = createHistogramFill(read);
  const builder = createBatchBuilder(grid.count);
  for await (const batch of ctx.queryable.select(selection, ctx.call)) {
    await checkpoint(ctx);
    for (const series of batch.series) {
      ctx.counters.seriesRead++;
      ctx.counters.samplesRead += series.to - series.from;
      const column = builder.column();
      fill(series, column);
      if (series.histograms !== undefined) fillHistograms(series, column);
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

/** Adds the histograms to a column that `createFill` has filled. */
function createHistogramFill({ node, grid, output }: SelectorRead) {
  const shift = shiftOf(node);
  return (series: SeriesColumns, column: StepColumn): void => {
    if (output === "float-time") throw notFloat(series);
    if (output !== "value") return;
    const { timesMs, from, to } = series;
    const { histograms = [] } = node.statisticsOnly ? withStatisticsOnly(series) : series;
    const found: HistogramColumn = new Array<undefined>(grid.count).fill(undefined);
    let next = from;
    for (let step = 0; step < grid.count; step++) {
      const atMs = shiftedMs(shift, stepTimeMs(grid, step));
      while (next < to && timesMs[next]! <= atMs) next++;
      if (isPresent(column.present, step)) found[step] = histograms[next - 1];
    }
    column.histograms = found;
  };
}

function createFill({ node, grid, ctx, output }: SelectorRead) {
  const shift = shiftOf(node);
  const seenMs = new Float64Array(grid.count);
  for (let step = 0; step < grid.count; step++) {
    seenMs[step] = shiftedMs(shift, stepTimeMs(grid, step));
  }
  return (series: SeriesColumns, column: StepColumn): void => {
    const { timesMs, words } = series;
    let next = series.from;
    for (let step = 0; step < grid.count; step++) {
      const atMs = seenMs[step]!;
      while (next < series.to && timesMs[next]! <= atMs) next++;
      const found = next - 1;
      if (found < series.from || timesMs[found]! <= atMs - ctx.lookbackDeltaMs) continue;
      if (isStaleAt(words, found)) continue;
      column.values[step] = outputOf(series, found, output);
      setPresent(column.present, step);
    }
  };
}

function outputOf(series: SeriesColumns, i: number, output: SelectorOutput): number {
  if (output === "value") return series.values[i]!;
  return (output === "start-time" ? (series.startTimesMs?.[i] ?? 0) : series.timesMs[i]!) / 1000;
}

function notFloat({ labels }: SeriesColumns): Error {
  return executionError(
    `this should be an info metric, with float samples: ${printLabels(labels)}`,
  );
}
