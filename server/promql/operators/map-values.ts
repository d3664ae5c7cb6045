import type { StepGrid } from "../plan/grid.ts";
import { withoutName } from "./label-sets.ts";
import { floatsOf, type HistogramMap, mapHistograms } from "./native-histograms.ts";
import { isEmpty, isPresent, setPresent } from "./presence.ts";
import { checkpoint, createBatchBuilder, type EvalContext, type StepStream } from "./stream.ts";
import { mergeEqualLabels } from "./held-series.ts";

/** A value from a value, or undefined to leave the step out. */
export type ValueMap = (value: number, step: number) => number | undefined;

/** What happens to each sample of a vector, and to the names of its series. */
export interface MapCall {
  readonly input: StepStream;
  /** Made when the first batch is asked for: scalars may have to be computed before. */
  map(): Promise<ValueMap>;
  readonly dropsName: boolean;
  /** Made like `map`, for histograms; without it they are left out. */
  mapHistogram?(): Promise<HistogramMap>;
}

/** Applies a function to every sample. */
export function mapValues(call: MapCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const delayed = ctx.features.delayedNameRemoval;
  const dropsNow = call.dropsName && !delayed;
  const { metricName } = call.input;
  const mapped: StepStream = {
    metricName: dropsNow && metricName !== undefined ? "" : metricName,
    async *batches() {
      const map = await call.map();
      const mapHistogram = await call.mapHistogram?.();
      const builder = createBatchBuilder(grid.count);
      for await (const batch of call.input.batches()) {
        await checkpoint(ctx);
        for (const whole of batch.series) {
          const series = floatsOf(whole);
          const column = builder.column();
          let found = false;
          for (let step = 0; step < grid.count; step++) {
            if (!isPresent(series.present, step)) continue;
            const value = map(series.values[step]!, step);
            if (value === undefined) continue;
            column.values[step] = value;
            setPresent(column.present, step);
            found = true;
          }
          if (whole.histograms !== undefined && mapHistogram !== undefined) {
            mapHistograms(whole, mapHistogram, column);
            found = !isEmpty(column.present);
          }
          if (!found) continue;
          column.labels = dropsNow ? withoutName(series.labels) : series.labels;
          column.dropName = delayed && (series.dropName || call.dropsName);
          builder.commit();
          if (builder.isFull()) yield builder.take();
        }
      }
      if (!builder.isEmpty()) yield builder.take();
    },
  };
  const unique = !dropsNow || metricName !== undefined;
  return mergeEqualLabels(mapped, { count: grid.count, unique }, ctx);
}
