import type { StepGrid } from "../plan/grid.ts";
import { setAllPresent } from "./presence.ts";
import { once } from "./scalars.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type ScalarColumn,
  type StepStream,
} from "./stream.ts";

/** Repeats at each step of `grid` what `first` has at its only step. */
export function repeatFirstStep(first: StepStream, grid: StepGrid, ctx: EvalContext): StepStream {
  return {
    metricName: first.metricName,
    async *batches() {
      const builder = createBatchBuilder(Math.max(1, grid.count));
      for await (const batch of first.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) {
          const column = builder.column();
          column.labels = series.labels;
          column.dropName = series.dropName;
          column.values.fill(series.values[0]!);
          if (series.histograms !== undefined) {
            column.histograms = new Array(grid.count).fill(series.histograms[0]);
          }
          setAllPresent(column.present, grid.count);
          builder.commit();
          if (builder.isFull()) yield builder.take();
        }
      }
      if (!builder.isEmpty()) yield builder.take();
    },
  };
}

/** The same for a scalar. */
export function repeatScalar(first: ScalarColumn, grid: StepGrid): ScalarColumn {
  return once(async () => new Float64Array(grid.count).fill((await first())[0] ?? Number.NaN));
}
