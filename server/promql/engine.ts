import { urdError } from "../model/index.ts";
import { systemClock } from "../platform/base/index.ts";
import type { QueryCall, Queryable } from "../storage/index.ts";
import { createAnnotations } from "./annotations.ts";
import { createSampleBudget } from "./memory-limit.ts";
import { createBuilder } from "./operators/build.ts";
import type { Profile } from "./operators/profile.ts";
import { StepCounts } from "./operators/step-counts.ts";
import type { EvalContext, QueryFeatures } from "./operators/stream.ts";
import { type Expr, type ParseOptions, parseExpr, PromqlError, valueType } from "./parser/index.ts";
import type { QueryTimes } from "./plan/durations.ts";
import { instantGrid, rangeGrid, type StepGrid } from "./plan/grid.ts";
import { evaluationOrder } from "./plan/evaluation-order.ts";
import { planQuery } from "./plan/plan.ts";
import { createResult, type QueryResult } from "./result.ts";
import { createTurnTaker, type TurnTaker } from "./turn.ts";

/** What holds for all queries of an engine; each query may say otherwise. */
export interface EngineOptions {
  /** How old the newest sample of a series may be. Default 5 minutes. */
  readonly lookbackDeltaMs?: number;
  /** Most samples a query may hold at once; 0 means no limit. Default 50 million. */
  readonly samplesMax?: number;
  /** Step of a subquery that names none. Default 1 minute. */
  readonly subqueryStepMs?: number;
  /** Longest time a query keeps the thread before others may run. Default 5 ms. */
  readonly turnMs?: number;
  /** Drops metric names when the query ends. Default off. */
  readonly delayedNameRemoval?: boolean;
  /** Lets rates and resets use start timestamps. Default off. */
  readonly useStartTimestamps?: boolean;
  /** Takes `__type__` for what says whether a metric is a counter. Default off. */
  readonly typeAndUnitLabels?: boolean;
  /** Switches of the language; see the parser. */
  readonly parse?: ParseOptions;
}

/** What every query may say. */
export interface QueryOptions extends EngineOptions {
  /** The query's text, or its tree with the text that places refer to. */
  readonly query: string | { readonly text: string; readonly expr: Expr };
  /** Takes turns with the thread's other work. Default: the event loop, every `turnMs`. */
  readonly turn?: TurnTaker;
  /** Counts samples by step. Default off: it costs an addition per series and step. */
  readonly countsSteps?: boolean;
  /** Measures every operator. Default: nobody does. */
  readonly profile?: Profile;
}

/** A query at one time. */
export interface InstantQuery extends QueryOptions {
  readonly timeMs: number;
}

/** A query at startMs, startMs + stepMs, … up to endMs. */
export interface RangeQuery extends QueryOptions {
  readonly startMs: number;
  readonly endMs: number;
  /** Above zero. */
  readonly stepMs: number;
  /** False: series come as they are found, without being held to sort them. Default true. */
  readonly sorted?: boolean;
}

/** Evaluates PromQL over anything that can be queried. */
export interface Engine {
  /**
   * Parses and plans at once and throws what is wrong with the text; data is read, and limits
   * and faults of the evaluation are thrown, while the result is read.
   */
  instant(query: InstantQuery, queryable: Queryable, call: QueryCall): QueryResult;
  /** The same at many steps. */
  range(query: RangeQuery, queryable: Queryable, call: QueryCall): QueryResult;
}

/** An engine; it holds no state but its options. */
export function createEngine(options: EngineOptions = {}): Engine {
  return {
    instant(query, queryable, call) {
      const { timeMs } = query;
      return run({
        options: { ...options, ...query },
        grid: instantGrid(timeMs),
        times: { startMs: timeMs, endMs: timeMs, stepMs: 0 },
        instant: true,
        sorted: false,
        queryable,
        call,
      });
    },
    range(query, queryable, call) {
      const { startMs, endMs, stepMs, sorted = true } = query;
      if (!(stepMs > 0) || endMs < startMs) {
        throw urdError("request-invalid", "a range query needs start <= end and a step above 0");
      }
      return run({
        options: { ...options, ...query },
        grid: rangeGrid({ startMs, endMs, stepMs }),
        times: { startMs, endMs, stepMs },
        instant: false,
        sorted,
        queryable,
        call,
      });
    },
  };
}

interface Run {
  readonly options: QueryOptions;
  readonly grid: StepGrid;
  readonly times: QueryTimes;
  readonly instant: boolean;
  readonly sorted: boolean;
  readonly queryable: Queryable;
  readonly call: QueryCall;
}

function run({ options, grid, times, instant, sorted, queryable, call }: Run): QueryResult {
  const { text, expr } = readQuery(options);
  if (!instant && valueType(expr) !== "scalar" && valueType(expr) !== "vector") {
    throw urdError(
      "query-invalid",
      `invalid expression type "${typeName(expr)}" for range query, must be Scalar or instant Vector`,
    );
  }
  const plan = planQuery(expr, times);
  const { delayedNameRemoval = false, useStartTimestamps = false } = options;
  const { typeAndUnitLabels = false } = options;
  const features: QueryFeatures = { delayedNameRemoval, useStartTimestamps, typeAndUnitLabels };
  const ctx: EvalContext = {
    queryable,
    call,
    turn: options.turn ?? createTurnTaker(systemClock, options.turnMs ?? 5),
    lookbackDeltaMs: options.lookbackDeltaMs ?? 5 * 60_000,
    defaultSubqueryStepMs: options.subqueryStepMs ?? 60_000,
    features,
    times,
    annotations: createAnnotations(evaluationOrder(plan.root)),
    budget: createSampleBudget(options.samplesMax ?? 50_000_000),
    counters: { seriesRead: 0, samplesRead: 0 },
    stepCounts: options.countsSteps === true ? new StepCounts(grid.count) : undefined,
  };
  const builder = createBuilder(plan, ctx, options.profile);
  const { profile } = options;
  return createResult({ plan, text, grid, instant, sorted, builder, profile, ctx });
}

function readQuery({ query, parse }: QueryOptions): { text: string; expr: Expr } {
  if (typeof query !== "string") return query;
  try {
    return { text: query, expr: parseExpr(query, parse) };
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    throw urdError("query-invalid", error.message, { cause: error });
  }
}

function typeName(expr: Expr): string {
  return valueType(expr) === "matrix" ? "range vector" : valueType(expr);
}
