import type { NumberOperation } from "../arithmetic.ts";
import type { StepGrid } from "../plan/grid.ts";
import { floatsOf } from "./native-histograms.ts";
import { emptyPresence, isPresent, setAllPresent } from "./presence.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type ScalarColumn,
  type StepStream,
} from "./stream.ts";

/** A column that is computed once, however many read it. */
export function once(compute: () => Promise<Float64Array>): ScalarColumn {
  let column: Promise<Float64Array> | undefined;
  return () => {
    column ??= compute();
    return column;
  };
}

/** The same value at each step. */
export function constantScalar(value: number, grid: StepGrid): ScalarColumn {
  return once(async () => new Float64Array(grid.count).fill(value));
}

/** A value computed from each step's number. */
export function scalarByStep(grid: StepGrid, compute: (step: number) => number): ScalarColumn {
  return once(async () => new Float64Array(grid.count).map((_, step) => compute(step)));
}

/** An operation on two scalars, step by step. */
export function combineScalars(
  operation: NumberOperation,
  lhs: ScalarColumn,
  rhs: ScalarColumn,
): ScalarColumn {
  return once(async () => {
    const [left, right] = [await lhs(), await rhs()];
    return left.map((value, step) => operation(value, right[step]!));
  });
}

/** The value of the only series that has a sample at a step; NaN where there is none or more. */
export function scalarOfVector(input: StepStream, grid: StepGrid, ctx: EvalContext): ScalarColumn {
  return once(async () => {
    const values = new Float64Array(grid.count).fill(Number.NaN);
    const seen = new Uint32Array(grid.count);
    for await (const batch of input.batches()) {
      await checkpoint(ctx);
      for (const series of batch.series) {
        const { present } = floatsOf(series);
        for (let step = 0; step < grid.count; step++) {
          if (!isPresent(present, step)) continue;
          seen[step]!++;
          values[step] = seen[step] === 1 ? series.values[step]! : Number.NaN;
        }
      }
    }
    return values;
  });
}

/** A vector of one series without labels. */
export function vectorOfScalar(scalar: ScalarColumn, grid: StepGrid): StepStream {
  return {
    metricName: "",
    async *batches() {
      if (grid.count === 0) return;
      const builder = createBatchBuilder(grid.count);
      const column = builder.column();
      column.labels = [];
      column.dropName = false;
      column.values.set(await scalar());
      setAllPresent(column.present, grid.count);
      builder.commit();
      yield builder.take();
    },
  };
}

/** 1 at each step at which no series has a sample, under the given labels. */
export function absentVector(
  input: StepStream,
  result: { readonly labels: readonly string[]; readonly grid: StepGrid },
  ctx: EvalContext,
): StepStream {
  const { labels, grid } = result;
  return {
    metricName: "",
    async *batches() {
      const seen = emptyPresence(grid.count);
      for await (const batch of input.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) {
          for (let i = 0; i < seen.length; i++) seen[i]! |= series.present[i]!;
        }
      }
      const builder = createBatchBuilder(grid.count);
      const column = builder.column();
      column.labels = labels;
      column.dropName = false;
      setAllPresent(column.present, grid.count);
      let found = 0;
      for (let i = 0; i < seen.length; i++) found |= column.present[i]! &= ~seen[i]!;
      column.values.fill(1);
      if (found === 0) return;
      builder.commit();
      yield builder.take();
    },
  };
}
