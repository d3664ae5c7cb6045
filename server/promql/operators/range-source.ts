import type { SeriesColumns } from "../../storage/index.ts";
import type { Extended } from "../functions/range-kernel.ts";
import type { MatrixSelector } from "../parser/index.ts";
import { durationMs } from "../plan/durations.ts";
import type { StepGrid } from "../plan/grid.ts";
import { rangeSelection, shiftOf, type TimeShift } from "../plan/selector-ranges.ts";
import { withStatisticsOnly } from "./histogram-statistics.ts";
import { pinnedName } from "./vector-selector.ts";
import type { EvalContext } from "./stream.ts";

/** Raw samples with the window that each step sees of them. */
export interface RangeSource {
  /** As in StepStream. */
  readonly metricName: string | undefined;
  /** Length of a window, which is open at its start. */
  readonly rangeMs: number;
  readonly shift: TimeShift;
  readonly reach: WindowReach;
  /** Samples of whole series; staleness markers may be among them. Columns are borrowed. */
  batches(): AsyncIterable<{ readonly series: readonly RawSeries[] }>;
}

/** Samples of one series. */
export interface RawSeries extends SeriesColumns {
  /** As in StepSeries: only subqueries have such series. */
  readonly dropName?: boolean;
}

/** How far windows look beyond their range. */
export interface WindowReach {
  readonly extended: Extended;
  /** Before an extended window, and after a smoothed one. */
  readonly lookbackMs: number;
}

/** The reach of windows that see nothing but their range. */
export const plainReach: WindowReach = { extended: undefined, lookbackMs: 0 };

/** Raw samples of the series a range selector matches. */
export function selectRange(node: MatrixSelector, grid: StepGrid, ctx: EvalContext): RangeSource {
  const { extended, statisticsOnly } = node.selector;
  const { lookbackDeltaMs } = ctx;
  return {
    metricName: pinnedName(node.selector.matchers),
    rangeMs: durationMs(node.range),
    shift: shiftOf(node.selector),
    reach: extended === undefined ? plainReach : { extended, lookbackMs: lookbackDeltaMs },
    async *batches() {
      if (grid.count === 0) return;
      const selection = rangeSelection(node, grid, lookbackDeltaMs);
      for await (const batch of ctx.queryable.select(selection, ctx.call)) {
        for (const series of batch.series) {
          ctx.counters.seriesRead++;
          ctx.counters.samplesRead += series.to - series.from;
        }
        yield statisticsOnly ? { series: batch.series.map(withStatisticsOnly) } : batch;
      }
    },
  };
}
