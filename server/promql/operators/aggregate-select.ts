import type { Labels } from "../../model/index.ts";
import type { AggregateOp, Position } from "../parser/index.ts";
import { formatGeneral } from "../go-format.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { createGroups, type Grouping } from "./grouping.ts";
import { createLabelsPlacer, type LabelsPlacer } from "./labels-hash.ts";
import { floatsOf, setSample } from "./native-histograms.ts";
import { isPresent } from "./presence.ts";
import {
  createStepHeaps,
  type HeapEntry,
  largestFirst,
  smallestFirst,
  type StepHeaps,
} from "./step-heaps.ts";
import {
  checkpoint,
  type EvalContext,
  type HistogramColumn,
  inBatches,
  newColumn,
  type ScalarColumn,
  type StepColumn,
  type StepSeries,
  type StepStream,
} from "./stream.ts";

/** An aggregation that picks samples and leaves them and their labels as they are. */
export interface SelectCall {
  readonly op: AggregateOp;
  readonly input: StepStream;
  readonly grouping: Grouping;
  readonly param: ScalarColumn;
  readonly paramPosition: Position;
  readonly inputPosition: Position;
}

/** topk, bottomk, limitk and limit_ratio: per group and step a heap of what was picked. */
export function aggregateSelect(call: SelectCall, grid: StepGrid, ctx: EvalContext): StepStream {
  return {
    metricName: call.input.metricName,
    async *batches() {
      const param = await call.param();
      if (!checkParam(call, param, ctx)) {
        // What the input has to say is said though nothing of it is picked.
        for await (const _ of call.input.batches()) await checkpoint(ctx);
        return;
      }
      const pick = await createPick(call.op, param);
      const order = call.op === "bottomk" ? largestFirst : smallestFirst;
      const groups = createGroups(call.grouping, () =>
        createStepHeaps(grid.count, order, (entries) => ctx.budget.hold(entries)),
      );
      const owners: Owner[] = [];
      const ranks = call.op === "topk" || call.op === "bottomk";
      for await (const batch of call.input.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) {
          const { labels, dropName, histograms } = series;
          const kept = ranks ? undefined : histograms?.slice();
          owners.push({ labels, dropName, kept });
          if (ranks && histograms !== undefined) annotateIgnored(call, ctx);
          pick(groups.of(labels), ranks ? floatsOf(series) : series, owners.length - 1);
        }
      }
      const heaps = groups.all.map(({ value }) => value);
      const columns = collectColumns(heaps, { call, owners, grid, ctx });
      yield* inBatches(columns, grid.count);
      ctx.budget.release(columns.length * grid.count);
      for (const heap of heaps) ctx.budget.release(heap.room());
    },
  };
}

interface Owner {
  readonly labels: Labels;
  readonly dropName: boolean;
  /** Its histograms, if they may be picked. */
  readonly kept: HistogramColumn | undefined;
}

/** Adds those samples of a series to its group's heaps that are picked. */
type Pick = (heaps: StepHeaps, series: StepSeries, owner: number) => void;

async function createPick(op: AggregateOp, param: Float64Array): Promise<Pick> {
  if (op === "limit_ratio") return pickRatio(await createLabelsPlacer(), param);
  if (op === "limitk") return pickFirst(param);
  return op === "topk"
    ? pickBest(param, (top, value) => top < value)
    : pickBest(param, (top, value) => top > value);
}

function pickBest(param: Float64Array, yieldsTo: (top: number, value: number) => boolean): Pick {
  return (heaps, series, owner) => {
    for (let step = 0; step < param.length; step++) {
      const limit = Math.trunc(param[step]!);
      if (limit < 1 || !isPresent(series.present, step)) continue;
      const value = series.values[step]!;
      if (heaps.size(step) < limit) {
        heaps.push(step, value, owner);
        continue;
      }
      const top = heaps.top(step);
      if (yieldsTo(top, value) || (top !== top && value === value)) {
        heaps.replaceTop(step, value, owner);
      }
    }
  };
}

function pickFirst(param: Float64Array): Pick {
  return (heaps, series, owner) => {
    for (let step = 0; step < param.length; step++) {
      if (!isPresent(series.present, step) || heaps.size(step) >= Math.trunc(param[step]!))
        continue;
      heaps.push(step, series.values[step]!, owner);
    }
  };
}

/** A ratio r >= 0 picks what is placed below r; a negative one what is placed from 1 + r on. */
function pickRatio(place: LabelsPlacer, param: Float64Array): Pick {
  return (heaps, series, owner) => {
    const placed = place(series.labels);
    for (let step = 0; step < param.length; step++) {
      const ratio = Math.max(-1, Math.min(1, param[step]!));
      const picked = ratio >= 0 ? placed < ratio : placed >= 1 + ratio;
      if (picked && isPresent(series.present, step)) {
        heaps.push(step, series.values[step]!, owner);
      }
    }
  };
}

/** Refuses what is no count or ratio; false when nothing can be picked. */
function checkParam(call: SelectCall, param: Float64Array, ctx: EvalContext): boolean {
  const isRatio = call.op === "limit_ratio";
  const numbers = param.filter((value) => value === value);
  const max = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  const min = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  if (numbers.length > 0 && (isRatio ? max === 0 && min === 0 : max < 1)) return false;
  if (numbers.length < param.length) {
    throw executionError(isRatio ? "Ratio value is NaN" : "Parameter value is NaN");
  }
  if (isRatio) {
    if (max > 1) annotateRatio(call, max, ctx);
    if (min < -1) annotateRatio(call, min, ctx);
    return true;
  }
  if (min <= -(2 ** 63))
    throw executionError(`Scalar value ${formatGeneral(min)} underflows int64`);
  if (max >= 2 ** 63 - 1024) {
    throw executionError(`Scalar value ${formatGeneral(max)} overflows int64`);
  }
  return true;
}

function annotateIgnored({ op, inputPosition }: SelectCall, ctx: EvalContext): void {
  ctx.annotations.add({
    kind: "info",
    text: `ignored histogram in ${op} aggregation`,
    position: inputPosition,
  });
}

function annotateRatio({ paramPosition }: SelectCall, ratio: number, ctx: EvalContext): void {
  ctx.annotations.add({
    kind: "warning",
    text:
      `ratio value should be between -1 and 1, got ${formatGeneral(ratio)}, ` +
      `capping to ${Math.sign(ratio)}`,
    position: paramPosition,
  });
}

interface Collecting {
  readonly call: SelectCall;
  readonly owners: readonly Owner[];
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
}

/** One column per series that was picked; at one step in the order Prometheus answers in. */
function collectColumns(
  heaps: readonly StepHeaps[],
  { call, owners, grid, ctx }: Collecting,
): readonly StepColumn[] {
  const columns = new Map<number, StepColumn>();
  for (const heap of heaps) {
    for (let step = 0; step < grid.count; step++) {
      for (const { value, owner } of inOrder(call.op, heap.entries(step))) {
        let column = columns.get(owner);
        if (column === undefined) {
          ctx.budget.hold(grid.count);
          column = newColumn(grid.count);
          column.labels = owners[owner]?.labels ?? [];
          column.dropName = owners[owner]?.dropName ?? false;
          columns.set(owner, column);
        }
        column.values[step] = value;
        setSample(column, step, owners[owner]?.kept?.[step] ?? value);
      }
    }
  }
  return [...columns.values()];
}

function inOrder(op: AggregateOp, entries: readonly HeapEntry[]): readonly HeapEntry[] {
  if (op !== "topk" && op !== "bottomk") return entries;
  const isBefore = op === "topk" ? smallestFirst : largestFirst;
  return [...entries].sort((a, b) => {
    if (isBefore(b.value, a.value)) return isBefore(a.value, b.value) ? 0 : -1;
    return isBefore(a.value, b.value) ? 1 : 0;
  });
}
