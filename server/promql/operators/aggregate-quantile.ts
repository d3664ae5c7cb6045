import { greater, lesser } from "../functions/math.ts";
import { annotateQuantile, quantileOf } from "../functions/quantile.ts";
import type { Position } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { createGroups, type Grouping, groupedName } from "./grouping.ts";
import { floatsOf } from "./native-histograms.ts";
import { isEmpty, isPresent, setPresent } from "./presence.ts";
import {
  checkpoint,
  copySeries,
  createBatchBuilder,
  type EvalContext,
  type ScalarColumn,
  type StepColumn,
  type StepStream,
} from "./stream.ts";

/** The quantile of each group's values at each step. */
export interface QuantileCall {
  readonly input: StepStream;
  readonly grouping: Grouping;
  readonly quantile: ScalarColumn;
  readonly quantilePosition: Position;
  readonly inputPosition: Position;
}

/** An exact quantile needs all values at once, so the groups hold copies of their columns. */
export function aggregateQuantile(
  call: QuantileCall,
  grid: StepGrid,
  ctx: EvalContext,
): StepStream {
  return {
    metricName: groupedName(call.grouping),
    async *batches() {
      const quantiles = await call.quantile();
      annotateExtremes(quantiles, call.quantilePosition, ctx);
      const groups = createGroups<StepColumn[]>(call.grouping, () => []);
      let held = 0;
      for await (const batch of call.input.batches()) {
        await checkpoint(ctx);
        ctx.budget.hold(batch.series.length * grid.count);
        held += batch.series.length * grid.count;
        for (const series of batch.series) {
          const floats = floatsOf(series);
          if (floats !== series) annotateIgnored(call, ctx);
          if (!isEmpty(floats.present)) groups.of(series.labels).push(copySeries(floats));
        }
      }
      const builder = createBatchBuilder(grid.count);
      for (const { labels, value: members } of groups.all) {
        await checkpoint(ctx);
        const column = builder.column();
        column.labels = labels;
        column.dropName = members.some(({ dropName }) => dropName);
        writeQuantiles(members, quantiles, column);
        builder.commit();
        if (builder.isFull()) yield builder.take();
      }
      if (!builder.isEmpty()) yield builder.take();
      ctx.budget.release(held);
    },
  };
}

function annotateIgnored({ inputPosition }: QuantileCall, ctx: EvalContext): void {
  ctx.annotations.add({
    kind: "info",
    text: "ignored histogram in quantile aggregation",
    position: inputPosition,
  });
}

function writeQuantiles(
  members: readonly StepColumn[],
  quantiles: Float64Array,
  out: StepColumn,
): void {
  const values = new Float64Array(members.length);
  for (let step = 0; step < quantiles.length; step++) {
    let count = 0;
    for (const member of members) {
      if (isPresent(member.present, step)) values[count++] = member.values[step]!;
    }
    if (count === 0) continue;
    out.values[step] = quantileOf(quantiles[step]!, values.subarray(0, count));
    setPresent(out.present, step);
  }
}

/**
 * Remarks on the worst parameters only: a NaN, the largest above 1, the smallest below 0. Beside
 * a NaN only an infinity is still found to be the largest or smallest.
 */
function annotateExtremes(quantiles: Float64Array, position: Position, ctx: EvalContext): void {
  const remark = { annotations: ctx.annotations, positions: [position] };
  let [min, max] = [Number.MAX_VALUE, -Number.MAX_VALUE];
  for (const quantile of quantiles) {
    max = greater(max, quantile);
    min = lesser(min, quantile);
    if (Number.isNaN(quantile)) annotateQuantile(quantile, remark);
  }
  if (max > 1) annotateQuantile(max, remark);
  if (min < 0) annotateQuantile(min, remark);
}
