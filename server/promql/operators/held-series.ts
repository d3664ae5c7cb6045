import { labelsKey } from "../../model/index.ts";
import { sameLabelsError } from "../query-error.ts";
import { intersects, isPresent, setPresent } from "./presence.ts";
import {
  checkpoint,
  copySeries,
  type EvalContext,
  inBatches,
  type StepBatch,
  type StepColumn,
  type StepSeries,
  type StepStream,
} from "./stream.ts";

/** Reads a stream to its end into columns of our own, which count against the budget. */
export async function holdAll(
  stream: StepStream,
  stepCount: number,
  ctx: EvalContext,
): Promise<readonly StepColumn[]> {
  const held: StepColumn[] = [];
  for await (const batch of stream.batches()) {
    await checkpoint(ctx);
    ctx.budget.hold(batch.series.length * stepCount);
    for (const series of batch.series) held.push(copySeries(series));
  }
  return held;
}

/** Gives the room of held columns back. */
export function releaseAll(held: readonly StepColumn[], stepCount: number, ctx: EvalContext): void {
  ctx.budget.release(held.length * stepCount);
}

/** Joins series of equal labels into one column each; they must not meet at a step. */
export class SeriesMerger {
  readonly #byKey = new Map<string, StepColumn>();
  readonly #stepCount: number;
  readonly #ctx: EvalContext;

  constructor(stepCount: number, ctx: EvalContext) {
    this.#stepCount = stepCount;
    this.#ctx = ctx;
  }

  /** Takes a series in, as a copy. Throws when another with its labels has one of its steps. */
  add(series: StepSeries): void {
    const key = labelsKey(series.labels);
    const found = this.#byKey.get(key);
    if (found === undefined) {
      this.#ctx.budget.hold(this.#stepCount);
      this.#byKey.set(key, copySeries(series));
      return;
    }
    if (intersects(found.present, series.present)) throw sameLabelsError();
    if (series.histograms !== undefined) {
      found.histograms = Object.assign(found.histograms ?? [], series.histograms);
    }
    for (let step = 0; step < this.#stepCount; step++) {
      if (!isPresent(series.present, step)) continue;
      found.values[step] = series.values[step]!;
      setPresent(found.present, step);
    }
  }

  /** All series in the order of their first appearance. */
  *batches(): Iterable<StepBatch> {
    yield* inBatches([...this.#byKey.values()], this.#stepCount);
    this.#ctx.budget.release(this.#byKey.size * this.#stepCount);
  }
}

/**
 * A stream in which label sets are unique. When `unique` holds already the input is passed on;
 * else it is held until its end, because equal labels may come at any time.
 */
export function mergeEqualLabels(
  input: StepStream,
  grid: { readonly count: number; readonly unique: boolean },
  ctx: EvalContext,
): StepStream {
  if (grid.unique) return input;
  return {
    metricName: input.metricName,
    async *batches() {
      const merger = new SeriesMerger(grid.count, ctx);
      for await (const batch of input.batches()) {
        await checkpoint(ctx);
        for (const series of batch.series) merger.add(series);
      }
      yield* merger.batches();
    },
  };
}
