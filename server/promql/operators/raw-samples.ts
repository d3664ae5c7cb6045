import { type Labels, labelsKey } from "../../model/index.ts";
import type { SeriesBatch, SeriesColumns } from "../../storage/index.ts";
import { boundValues, type ExtendedWindow } from "../functions/extended-rate.ts";
import type { WindowedSeries } from "../functions/range-kernel.ts";
import type { StepGrid } from "../plan/grid.ts";
import { shiftedMs } from "../plan/selector-ranges.ts";
import { executionError, sameLabelsError } from "../query-error.ts";
import { withoutName } from "./label-sets.ts";
import type { RangeSource, RawSeries } from "./range-source.ts";
import { createMarkerFilter, samplesOfKind } from "./stale-markers.ts";
import { checkpoint, type EvalContext } from "./stream.ts";
import { createWindowPlacer } from "./window-placer.ts";

/**
 * The samples of a range vector at the first time of `grid`, cut to its window. Extended windows
 * begin and end with samples of their own at their bounds. All of them are the answer, so they
 * count as held though each batch goes out at once: whoever reads the answer holds it.
 */
export async function* rawSamples(
  source: RangeSource,
  grid: StepGrid,
  ctx: EvalContext,
): AsyncIterable<SeriesBatch> {
  const endMs = shiftedMs(source.shift, grid.startMs);
  const place = createWindowPlacer(source, Float64Array.of(endMs));
  const unmarked = createMarkerFilter(false);
  const { extended } = source.reach;
  const nameless = createNameDropper();
  for await (const batch of source.batches()) {
    for (const series of batch.series) {
      await checkpoint(ctx);
      const isMixed = series.histograms !== undefined;
      if (isMixed && extended !== undefined) {
        throw executionError("anchored modifier is not supported with histograms");
      }
      const clean = isMixed ? samplesOfKind(series, "all", false) : unmarked(series);
      const windows = place(clean, series.labels);
      const [from, to] = [windows.starts[0]!, windows.ends[0]!];
      if (from === to) continue;
      ctx.budget.hold(to - from);
      ctx.stepCounts?.addSamples(to - from);
      const window = { from, last: to - 1, startMs: endMs - source.rangeMs, endMs };
      const smoothed = extended === "smoothed";
      const found = extended === undefined ? windows : bounded(windows, window, smoothed);
      const columns = toColumns(found, extended === undefined ? { from, to } : found);
      yield { series: [{ ...columns, labels: nameless(series) }] };
    }
  }
}

/** Drops the names that operations have marked; throws when that makes two series one. */
function createNameDropper(): (series: RawSeries) => Labels {
  const seen = new Set<string>();
  return ({ labels, dropName = false }) => {
    if (!dropName) return labels;
    const kept = withoutName(labels);
    const key = labelsKey(kept);
    if (seen.has(key)) throw sameLabelsError();
    seen.add(key);
    return kept;
  };
}

type Samples = Pick<WindowedSeries, "labels" | "timesMs" | "values" | "histograms">;

function toColumns(
  { labels, timesMs, values, histograms }: Samples,
  { from, to }: { readonly from: number; readonly to: number },
): SeriesColumns {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return { labels, timesMs, values, words, histograms, from, to };
}

/** The samples inside the window, between one at its start and one at its end. */
function bounded(
  series: WindowedSeries,
  window: ExtendedWindow,
  smoothed: boolean,
): Samples & { readonly from: number; readonly to: number } {
  const { left, right } = boundValues(series, window, { smoothed, counter: false });
  const { startMs, endMs } = window;
  const times = [startMs];
  const values = [left];
  for (let i = window.from; i <= window.last; i++) {
    const timeMs = series.timesMs[i]!;
    if (timeMs <= startMs || timeMs >= endMs) continue;
    times.push(timeMs);
    values.push(series.values[i]!);
  }
  return {
    labels: series.labels,
    timesMs: Float64Array.from([...times, endMs]),
    values: Float64Array.from([...values, right]),
    histograms: undefined,
    ...{ from: 0, to: times.length + 1 },
  };
}
