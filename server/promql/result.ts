import { compareLabels } from "../model/index.ts";
import type { SeriesColumns } from "../storage/index.ts";
import type { AnnotationTexts } from "./annotations.ts";
import { explainPlan, type PlanNode } from "./explain.ts";
import type { Builder } from "./operators/builder.ts";
import { holdAll, mergeEqualLabels, releaseAll } from "./operators/held-series.ts";
import type { Profile } from "./operators/profile.ts";
import { withoutName } from "./operators/label-sets.ts";
import { rawSamples } from "./operators/raw-samples.ts";
import { vectorOfScalar } from "./operators/scalars.ts";
import {
  type EvalContext,
  inBatches,
  type StepBatch,
  type StepSeries,
  type StepStream,
} from "./operators/stream.ts";
import { type Expr, valueType } from "./parser/index.ts";
import type { StepGrid } from "./plan/grid.ts";
import type { Plan } from "./plan/plan.ts";
import { sameLabelsError } from "./query-error.ts";

/** What a query read and held. Whole once the result has been read to its end. */
export interface QueryStats {
  readonly seriesRead: number;
  readonly samplesRead: number;
  /** Most samples the engine held at once. */
  readonly samplesHeldMax: number;
  /** Samples by step as Prometheus counts them, when asked for. */
  readonly samplesByStep: Float64Array | undefined;
}

/** A piece of an answer; borrowed until the next one is asked for. */
export type ResultBatch =
  /** Values at the steps of the result's grid. */
  | { readonly kind: "steps"; readonly series: readonly StepSeries[] }
  /** Samples at their own times, of a range vector asked for at one time. No stale markers. */
  | { readonly kind: "samples"; readonly series: readonly SeriesColumns[] };

/** The answer to a query, read once. */
export interface QueryResult {
  /** As Prometheus's API calls it; range queries give "matrix" for scalars too. */
  readonly type: "scalar" | "string" | "vector" | "matrix";
  /** Times of the steps; one step in an instant query. */
  readonly grid: StepGrid;
  /** The string of type "string". */
  readonly text: string | undefined;
  /** Series of the answer; a scalar is one series without labels. Throws UrdError. */
  batches(): AsyncIterable<ResultBatch>;
  /** Remarks so far, all of them once the batches have been read. */
  annotations(): AnnotationTexts;
  stats(): QueryStats;
  /** How the query is evaluated, with the costs so far when they are measured. */
  explain(): PlanNode;
}

/** How a result comes to be. */
export interface ResultSetup {
  readonly plan: Plan;
  readonly text: string;
  readonly grid: StepGrid;
  readonly instant: boolean;
  readonly sorted: boolean;
  readonly builder: Builder;
  readonly profile: Profile | undefined;
  readonly ctx: EvalContext;
}

/** The result of a planned query; nothing is evaluated before its batches are read. */
export function createResult(setup: ResultSetup): QueryResult {
  const { plan, text, grid, instant, ctx } = setup;
  const { root } = plan;
  const type = valueType(root);
  return {
    type: instant && type !== "none" ? type : "matrix",
    grid,
    text: stringOf(root),
    batches: () => (type === "string" ? noBatches() : resultBatches(setup)),
    annotations: () => ctx.annotations.texts(text),
    stats: () => ({
      ...ctx.counters,
      samplesHeldMax: ctx.budget.peak(),
      samplesByStep: ctx.stepCounts?.total(),
    }),
    explain: () => explainPlan(plan, text, setup.profile),
  };
}

function stringOf(root: Expr): string | undefined {
  return root.kind === "string" ? root.value : undefined;
}

async function* noBatches(): AsyncIterable<ResultBatch> {}

async function* resultBatches(setup: ResultSetup): AsyncIterable<ResultBatch> {
  const { builder, grid, ctx } = setup;
  const { root } = setup.plan;
  ctx.budget.hold(grid.count);
  if (valueType(root) === "matrix") {
    for await (const { series } of rawSamples(builder.range(root, grid), grid, ctx))
      yield { kind: "samples", series };
    return;
  }
  const stream =
    valueType(root) === "scalar"
      ? vectorOfScalar(builder.scalar(root, grid), grid)
      : cleanNames(builder.vector(root, grid), setup);
  const ordered = setup.sorted ? sortByLabels(stream, grid, ctx) : stream.batches();
  for await (const { series } of ordered) yield { kind: "steps", series };
}

/** With delayed name removal: drops the names that operations have marked, merging equals. */
function cleanNames(stream: StepStream, { ctx, grid }: ResultSetup): StepStream {
  if (!ctx.features.delayedNameRemoval) return stream;
  const dropped: StepStream = {
    metricName: undefined,
    async *batches() {
      for await (const { series } of stream.batches()) {
        yield {
          series: series.map((one) =>
            one.dropName ? { ...one, labels: withoutName(one.labels) } : one,
          ),
        };
      }
    },
  };
  const unique = stream.metricName !== undefined;
  return mergeEqualLabels(dropped, { count: grid.count, unique }, ctx);
}

/** Series in the order of their labels, as range queries answer; holds them all. */
async function* sortByLabels(
  stream: StepStream,
  grid: StepGrid,
  ctx: EvalContext,
): AsyncIterable<StepBatch> {
  const held = await holdAll(stream, grid.count, ctx);
  const sorted = [...held].sort((a, b) => {
    const order = compareLabels(a.labels, b.labels);
    // Labels can be equal here when series differed only in type or unit, which operations drop.
    if (order === 0) throw sameLabelsError();
    return order;
  });
  yield* inBatches(sorted, grid.count);
  releaseAll(held, grid.count, ctx);
}
