import { isStaleAt } from "../../model/index.ts";
import type { SeriesBatch, SeriesColumns } from "../../storage/index.ts";
import type { MatrixSelector } from "../parser/index.ts";
import { durationMs } from "../plan/durations.ts";
import type { StepGrid } from "../plan/grid.ts";
import { rangeSelection, shiftOf, type TimeShift } from "../plan/selector-ranges.ts";
import { pinnedName, refuseExtended } from "./vector-selector.ts";
import type { EvalContext } from "./stream.ts";

/** Raw samples with the window that each step sees of them. */
export interface RangeSource {
  /** As in StepStream. */
  readonly metricName: string | undefined;
  /** Length of a window, which is open at its start. */
  readonly rangeMs: number;
  readonly shift: TimeShift;
  /** Samples of whole series; staleness markers may be among them. Columns are borrowed. */
  batches(): AsyncIterable<SeriesBatch>;
}

/** Raw samples of the series a range selector matches. */
export function selectRange(node: MatrixSelector, grid: StepGrid, ctx: EvalContext): RangeSource {
  refuseExtended(node.selector);
  return {
    metricName: pinnedName(node.selector.matchers),
    rangeMs: durationMs(node.range),
    shift: shiftOf(node.selector),
    async *batches() {
      if (grid.count === 0) return;
      for await (const batch of ctx.queryable.select(rangeSelection(node, grid), ctx.call)) {
        for (const series of batch.series) {
          ctx.counters.seriesRead++;
          ctx.counters.samplesRead += series.to - series.from;
        }
        yield batch;
      }
    },
  };
}

/** Columns without staleness markers: entries [from, to). Borrowed until the next series. */
export interface CleanColumns {
  timesMs: Float64Array;
  values: Float64Array;
  from: number;
  to: number;
}

/**
 * Returns a function that takes staleness markers out of a series. Series without markers are
 * passed on without a copy; the returned object is the same each time.
 */
export function createMarkerFilter(): (series: SeriesColumns) => CleanColumns {
  let times = new Float64Array(0);
  let values = new Float64Array(0);
  const clean: CleanColumns = { timesMs: times, values, from: 0, to: 0 };
  return (series) => {
    const first = firstMarker(series);
    if (first === series.to) {
      clean.timesMs = series.timesMs;
      clean.values = series.values;
      clean.from = series.from;
      clean.to = series.to;
      return clean;
    }
    const size = series.to - series.from;
    if (times.length < size) {
      times = new Float64Array(size * 2);
      values = new Float64Array(size * 2);
    }
    clean.to = copyUnmarked(series, times, values);
    clean.timesMs = times;
    clean.values = values;
    clean.from = 0;
    return clean;
  };
}

function firstMarker({ values, words, from, to }: SeriesColumns): number {
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (value !== value && isStaleAt(words, i)) return i;
  }
  return to;
}

function copyUnmarked(series: SeriesColumns, times: Float64Array, values: Float64Array): number {
  let count = 0;
  for (let i = series.from; i < series.to; i++) {
    if (isStaleAt(series.words, i)) continue;
    times[count] = series.timesMs[i]!;
    values[count++] = series.values[i]!;
  }
  return count;
}
