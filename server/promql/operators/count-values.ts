import { type FloatHistogram, type Labels, labelsKey } from "../../model/index.ts";
import { printHistogram } from "../histogram-text.ts";
import { formatFloat, quoteString } from "../parser/go-text.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { type Grouping, groupLabels } from "./grouping.ts";
import { withLabels } from "./label-sets.ts";
import { isPresent, setPresent } from "./presence.ts";
import {
  checkpoint,
  type EvalContext,
  inBatches,
  newColumn,
  type StepColumn,
  type StepStream,
} from "./stream.ts";

/** Counts, per group and step, the series that have the same value. */
export interface CountValuesCall {
  readonly input: StepStream;
  readonly grouping: Grouping;
  /** Label that gets the value as text. */
  readonly label: string;
}

/** One series per group and distinct value. */
export function countValues(call: CountValuesCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const { label } = call;
  if (label === "" || !label.isWellFormed()) {
    throw executionError(`invalid label name ${quoteString(label)}`);
  }
  return {
    metricName: undefined,
    async *batches() {
      const rows = createRows(call, grid, ctx);
      for await (const batch of call.input.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) {
          const rowOf = rows.forSeries(series.labels);
          for (let step = 0; step < grid.count; step++) {
            if (!isPresent(series.present, step)) continue;
            const row = rowOf(series.histograms?.[step] ?? series.values[step]!);
            row.values[step] = isPresent(row.present, step) ? row.values[step]! + 1 : 1;
            setPresent(row.present, step);
          }
        }
      }
      yield* inBatches(rows.all(), grid.count);
      ctx.budget.release(rows.all().length * grid.count);
    },
  };
}

interface Rows {
  /** The row of a value of one series. */
  forSeries(labels: Labels): (value: number | FloatHistogram) => StepColumn;
  all(): readonly StepColumn[];
}

function createRows({ grouping, label }: CountValuesCall, grid: StepGrid, ctx: EvalContext): Rows {
  const labels = grouping.without ? grouping.labels : [...grouping.labels, label];
  const reduce = groupLabels({ labels, without: grouping.without });
  const rows = new Map<string, StepColumn>();
  const rowOf = (series: Labels, value: number | FloatHistogram): StepColumn => {
    const text = typeof value === "number" ? formatFloat(value) : printHistogram(value);
    const reduced = reduce(withLabels(series, [[label, text]]));
    const key = labelsKey(reduced);
    const found = rows.get(key);
    if (found !== undefined) return found;
    ctx.budget.hold(grid.count);
    const row = newColumn(grid.count);
    row.labels = reduced;
    rows.set(key, row);
    return row;
  };
  return {
    forSeries(series) {
      const known = new Map<number | FloatHistogram, StepColumn>();
      return (value) => {
        let row = known.get(value);
        if (row === undefined) {
          row = rowOf(series, value);
          // Zero and minus zero are one key of a Map, but two texts.
          if (value !== 0) known.set(value, row);
        }
        return row;
      };
    },
    all: () => [...rows.values()],
  };
}
