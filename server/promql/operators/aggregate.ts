import type { StepGrid } from "../plan/grid.ts";
import { type FoldMaker, foldSamplesPerStep } from "./aggregate-folds.ts";
import { createGroups, type Grouping, groupedName } from "./grouping.ts";
import { isEmpty } from "./presence.ts";
import { checkpoint, createBatchBuilder, type EvalContext, type StepStream } from "./stream.ts";

/** An aggregation whose state is a few columns per group. */
export interface FoldCall {
  readonly input: StepStream;
  readonly grouping: Grouping;
  readonly makeFold: FoldMaker;
}

/** Folds every series into its group at once: memory follows the number of groups. */
export function aggregateFold(call: FoldCall, grid: StepGrid, ctx: EvalContext): StepStream {
  return {
    metricName: groupedName(call.grouping),
    async *batches() {
      const heldPerGroup = foldSamplesPerStep * grid.count;
      const groups = createGroups(call.grouping, () => {
        ctx.budget.hold(heldPerGroup);
        return { fold: call.makeFold(grid.count), dropName: false };
      });
      for await (const batch of call.input.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) {
          const group = groups.of(series.labels);
          group.dropName ||= series.dropName;
          group.fold.add(series);
        }
      }
      const builder = createBatchBuilder(grid.count);
      for (const { labels, value } of groups.all) {
        const column = builder.column();
        value.fold.finish(column);
        column.labels = labels;
        column.dropName = value.dropName;
        if (!isEmpty(column.present)) builder.commit();
        ctx.budget.release(heldPerGroup);
        if (builder.isFull()) yield builder.take();
      }
      if (!builder.isEmpty()) yield builder.take();
    },
  };
}
