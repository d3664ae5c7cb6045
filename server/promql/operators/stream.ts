import type { FloatHistogram, Labels } from "../../model/index.ts";
import type { QueryCall, Queryable } from "../../storage/index.ts";
import type { Annotations } from "../annotations.ts";
import type { SampleBudget } from "../memory-limit.ts";
import type { QueryTimes } from "../plan/durations.ts";
import { throwIfAborted } from "../query-error.ts";
import type { TurnTaker } from "../turn.ts";
import type { StepCounts } from "./step-counts.ts";
import { emptyPresence, type Presence } from "./presence.ts";

/** By step a histogram, or nothing where the sample is a float or where there is none. */
export type HistogramColumn = (FloatHistogram | undefined)[];

/**
 * One series' values at the steps of a grid, as columns: entry `step` of `values` counts when
 * its bit in `present` is set. Where `histograms` has an entry, that is the sample and the value
 * means nothing. Borrowed: valid until the next batch is asked for; whoever needs more copies it.
 */
export interface StepSeries {
  readonly labels: Labels;
  /** The metric name goes when the query ends: only with delayed name removal. */
  readonly dropName: boolean;
  readonly values: Float64Array;
  readonly present: Presence;
  /** Absent in series that have floats only. */
  readonly histograms?: Readonly<HistogramColumn> | undefined;
}

/** Some series of a vector. A series stands in exactly one batch; empty ones are left out. */
export interface StepBatch {
  readonly series: readonly StepSeries[];
}

/** An instant vector over all steps of a grid. Read once. */
export interface StepStream {
  /**
   * The metric name that all series have, "" when they have none, undefined when it differs
   * or is unknown. With a known name label sets stay distinct when the name is dropped.
   */
  readonly metricName: string | undefined;
  batches(): AsyncIterable<StepBatch>;
}

/** A scalar over all steps of a grid: each step has a value. Not to be changed by readers. */
export type ScalarColumn = () => Promise<Float64Array>;

/** Switches of the language that change answers. */
export interface QueryFeatures {
  /** Names are dropped when the query ends, not where an operation makes them wrong. */
  readonly delayedNameRemoval: boolean;
  /** Rates and resets look at when counters began, where samples tell. */
  readonly useStartTimestamps: boolean;
  /** Series tell their type and unit in labels, and remarks go by these. */
  readonly typeAndUnitLabels: boolean;
}

/** What was read and computed; grows while the query runs. */
export interface QueryCounters {
  seriesRead: number;
  samplesRead: number;
}

/** Everything that operators of one query share. */
export interface EvalContext {
  readonly queryable: Queryable;
  readonly call: QueryCall;
  readonly turn: TurnTaker;
  readonly lookbackDeltaMs: number;
  readonly defaultSubqueryStepMs: number;
  readonly features: QueryFeatures;
  readonly times: QueryTimes;
  readonly annotations: Annotations;
  readonly budget: SampleBudget;
  readonly counters: QueryCounters;
  /** Absent when nobody asked for them, and inside subqueries. */
  readonly stepCounts?: StepCounts | undefined;
}

/** To be awaited between batches: ends an aborted query and gives up the turn when it is over. */
export function checkpoint(ctx: EvalContext): Promise<void> | undefined {
  throwIfAborted(ctx.call.signal);
  return ctx.turn.maybeYield();
}

/** A column that is being filled; presence is empty at first, values are whatever was there. */
export interface StepColumn {
  labels: Labels;
  dropName: boolean;
  readonly values: Float64Array;
  readonly present: Presence;
  histograms: HistogramColumn | undefined;
}

/** Fills batches from a fixed set of columns, so that a stream allocates once. */
export interface BatchBuilder {
  /** The next free column, its presence cleared. It joins the batch by `commit`. */
  column(): StepColumn;
  commit(): void;
  isFull(): boolean;
  isEmpty(): boolean;
  /** The committed columns; the builder starts anew at the next `column()`. */
  take(): StepBatch;
}

/** Values per batch: 256 KiB of columns stay in the second-level cache. */
const batchValuesMax = 32_768;
const batchSeriesMax = 256;

/** A builder of batches on a grid of `stepCount` steps. */
export function createBatchBuilder(stepCount: number): BatchBuilder {
  const capacity = Math.max(1, Math.min(batchSeriesMax, Math.floor(batchValuesMax / stepCount)));
  const columns: StepColumn[] = [];
  let used = 0;
  return {
    column() {
      const found = columns[used];
      if (found !== undefined) {
        found.present.fill(0);
        found.histograms = undefined;
        return found;
      }
      const made = newColumn(stepCount);
      columns.push(made);
      return made;
    },
    commit() {
      used++;
    },
    isFull: () => used >= capacity,
    isEmpty: () => used === 0,
    take() {
      const series = columns.slice(0, used);
      used = 0;
      return { series };
    },
  };
}

/** A fresh column without values. */
export function newColumn(stepCount: number): StepColumn {
  return {
    labels: [],
    dropName: false,
    values: new Float64Array(stepCount),
    present: emptyPresence(stepCount),
    histograms: undefined,
  };
}

/** A copy that its maker owns. */
export function copySeries(series: StepSeries): StepColumn {
  return {
    labels: series.labels,
    dropName: series.dropName,
    values: series.values.slice(),
    present: series.present.slice(),
    histograms: series.histograms?.slice(),
  };
}

/** Hands out finished columns in batches; they stay as they are while the caller keeps them. */
export function* inBatches(series: readonly StepSeries[], stepCount: number): Iterable<StepBatch> {
  const size = Math.max(1, Math.min(batchSeriesMax, Math.floor(batchValuesMax / stepCount)));
  for (let i = 0; i < series.length; i += size) yield { series: series.slice(i, i + size) };
}
