import type { FloatHistogram } from "../../model/index.ts";
import type { Subquery } from "../parser/index.ts";
import { durationMs } from "../plan/durations.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { shiftOf } from "../plan/selector-ranges.ts";
import { isPresent } from "./presence.ts";
import { plainReach, type RangeSource, type RawSeries } from "./range-source.ts";
import type { EvalContext, StepStream } from "./stream.ts";

/** Times, values, and one column inside. */
const columnsPerSubquery = 3;

/**
 * The values of an inner expression as if they were the samples of its series. Room for the
 * inner steps is taken before anything is allocated: a text of ten letters can ask for billions.
 */
export function subquerySource(
  node: Subquery,
  { inner, grid }: { readonly inner: StepStream; readonly grid: StepGrid },
  ctx: EvalContext,
): RangeSource {
  return {
    metricName: inner.metricName,
    rangeMs: durationMs(node.range),
    shift: shiftOf(node),
    reach: plainReach,
    async *batches() {
      const held = columnsPerSubquery * grid.count;
      ctx.budget.hold(held);
      const timesMs = new Float64Array(grid.count);
      const values = new Float64Array(grid.count);
      const words = new Uint32Array(values.buffer);
      for await (const batch of inner.batches()) {
        for (const series of batch.series) {
          let to = 0;
          for (let step = 0; step < grid.count; step++) {
            if (!isPresent(series.present, step)) continue;
            timesMs[to] = stepTimeMs(grid, step);
            values[to++] = series.values[step]!;
          }
          const columns: RawSeries = {
            ...{ labels: series.labels, dropName: series.dropName },
            ...{ timesMs, values, words, from: 0, to },
            histograms: series.histograms
              ?.filter((_, step) => isPresent(series.present, step))
              .map((histogram) => histogram && withoutHint(histogram)),
          };
          yield { series: [columns] };
        }
      }
      ctx.budget.release(held);
    },
  };
}

/** Between the steps there may be samples that nobody sees, so no hint about the one before holds. */
function withoutHint(h: FloatHistogram): FloatHistogram {
  return h.hint === "reset" || h.hint === "not-reset" ? { ...h, hint: "unknown" } : h;
}
