import { type Labels, labelsKey } from "../../model/index.ts";
import type { KernelSetup } from "../functions/range-kernel.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { shiftedMs } from "../plan/selector-ranges.ts";
import { sameLabelsError } from "../query-error.ts";
import { withoutName } from "./label-sets.ts";
import { createMixedFill } from "./mixed-windows.ts";
import type { RangeCall } from "./range-call.ts";
import { floatsOf } from "./native-histograms.ts";
import { isEmpty } from "./presence.ts";
import type { RangeSource } from "./range-source.ts";
import { createMarkerFilter } from "./stale-markers.ts";
import { checkpoint, createBatchBuilder, type EvalContext, type StepStream } from "./stream.ts";
import { createWindowPlacer } from "./window-placer.ts";

/**
 * Windows between two looks at the clock and the caller's signal: a look costs as much as a short
 * series, and some functions walk through each window.
 */
const windowsPerLook = 16;

/** Applies a kernel to every series: one pass over its samples, nothing allocated per series. */
export function rangeFunction(call: RangeCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const { source, keepsName } = call;
  const delayed = ctx.features.delayedNameRemoval;
  const dropsName = !keepsName && !delayed;
  return {
    metricName: dropsName ? source.metricName && "" : source.metricName,
    async *batches() {
      if (grid.count === 0) return;
      const times = stepTimes(source, grid);
      const kernel = await call.kernel(times);
      const placeWindows = createWindowPlacer(source, times.windowEndsMs, ctx.stepCounts);
      const unmarked = createMarkerFilter(ctx.features.useStartTimestamps);
      const fillMixed = createMixedFill({ call, kernel, times, ctx });
      const checkLabels = createUniqueCheck(dropsName && source.metricName === undefined);
      const builder = createBatchBuilder(grid.count);
      let windows = 0;
      for await (const batch of source.batches()) {
        for (const series of batch.series) {
          windows += grid.count;
          if (windows >= windowsPerLook) {
            windows = 0;
            await checkpoint(ctx);
          }
          const column = builder.column();
          if (series.histograms === undefined) {
            kernel(placeWindows(unmarked(series), series.labels), column);
          } else {
            fillMixed(series, column);
          }
          if (isEmpty(column.present)) continue;
          column.labels = dropsName ? withoutName(series.labels) : series.labels;
          checkLabels(column.labels);
          column.dropName = delayed && !keepsName;
          if (!isEmpty(floatsOf(column).present)) call.onResult?.(series);
          builder.commit();
          if (builder.isFull()) yield builder.take();
        }
      }
      if (!builder.isEmpty()) yield builder.take();
    },
  };
}

/**
 * Refuses label sets that come again, though they may not meet at any step: so does Prometheus.
 * Keys are kept only where names that differ are dropped.
 */
function createUniqueCheck(needed: boolean): (labels: Labels) => void {
  const seen = new Set<string>();
  return (labels) => {
    if (!needed) return;
    const key = labelsKey(labels);
    if (seen.has(key)) throw sameLabelsError();
    seen.add(key);
  };
}

function stepTimes(
  source: RangeSource,
  grid: StepGrid,
): Pick<KernelSetup, "stepTimesMs" | "windowEndsMs"> {
  const stepTimesMs = new Float64Array(grid.count);
  const windowEndsMs = new Float64Array(grid.count);
  for (let step = 0; step < grid.count; step++) {
    stepTimesMs[step] = stepTimeMs(grid, step);
    windowEndsMs[step] = shiftedMs(source.shift, stepTimeMs(grid, step));
  }
  return { stepTimesMs, windowEndsMs };
}
