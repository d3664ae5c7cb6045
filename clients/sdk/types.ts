import type { WriteOutcome } from "./outcome.ts";
import type { QueryStats, QueryStream } from "./query-stream.ts";
import type { RetryOptions } from "./retry.ts";
import type { Labels, MetricType, WriteSeries } from "./series.ts";
import type { UrdWriter, WriterOptions } from "./writer.ts";

/** What any call takes. */
export interface UrdCallOptions {
  /** Aborting it fails the call with CANCELLED and tells the server. */
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole call, retries included. */
  readonly timeoutMs?: number;
}

/** A moment: a Date, or milliseconds since the Unix epoch. */
export type Time = Date | number;

/** Options of an instant query. */
export interface InstantOptions extends UrdCallOptions {
  /** The server's now when left out. */
  readonly time?: Time;
  /** Series after which the result is cut, with a warning. */
  readonly limit?: number;
  /** `"steps"`: by step too. */
  readonly stats?: boolean | "steps";
}

/** Options of a range query: steps from start to end, end included. */
export interface RangeOptions extends UrdCallOptions {
  readonly start: Time;
  readonly end: Time;
  readonly stepMs: number;
  /** Series after which the result is cut, with a warning. */
  readonly limit?: number;
  /** `"steps"`: by step too. */
  readonly stats?: boolean | "steps";
}

/** Options of calls that list things. */
export interface ListOptions extends UrdCallOptions {
  /** Series selectors such as `up{job="api"}`; all series when left out. */
  readonly selectors?: readonly string[];
  /** From the oldest when left out. */
  readonly start?: Time;
  /** Up to now when left out. */
  readonly end?: Time;
  /** Items after which the list is cut, with a warning. */
  readonly limit?: number;
}

/** A list with what the server has to say about it. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly warnings: readonly string[];
}

/** What is known of a metric family. */
export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType | "unknown";
  readonly help: string;
  readonly unit: string;
}

/** A pointer from a sample to a trace. */
export interface Exemplar {
  /** Such as `{ trace_id: "…" }`. */
  readonly labels: Labels;
  readonly value: number;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

/** One series with its exemplars, ascending by time. */
export interface ExemplarSeries {
  readonly labels: Labels;
  readonly exemplars: readonly Exemplar[];
}

/** What one operator gave, and what that cost with all its inputs. */
export interface OperatorStats {
  readonly series: number;
  readonly samples: number;
  readonly sizeBytes: number;
  readonly wallUs: number;
  readonly cpuUs: number;
}

/** An operator of a plan with what it reads from. */
export interface PlanNode {
  readonly operator: string;
  /** The part of the query's text that it evaluates, cut when it is long. */
  readonly expression: string;
  readonly inputs: readonly PlanNode[];
  /** What else is known, for people. */
  readonly remarks: readonly string[];
  /** Set with `analyze`. */
  readonly stats: OperatorStats | undefined;
}

/** How a query is evaluated. */
export interface QueryPlan {
  readonly root: PlanNode;
  readonly steps: number;
  /** Set with `analyze`, as are the remarks. */
  readonly stats: QueryStats | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** Options of an explanation; without a step it is that of an instant query at `start`. */
export interface ExplainOptions extends UrdCallOptions {
  /** The server's now when left out. */
  readonly start?: Time;
  readonly end?: Time;
  readonly stepMs?: number;
  /** Evaluates the query, drops the answer, and tells the costs. */
  readonly analyze?: boolean;
}

/** A query at work. */
export interface ActiveQuery {
  readonly id: string;
  readonly query: string;
  readonly startedMs: number;
  /** First step, last possible one, and their distance; 0: an instant query. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** Microseconds of its thread that it used so far. */
  readonly threadUs: number;
  readonly samples: number;
}

/** Options of an exemplar call. */
export interface ExemplarOptions extends UrdCallOptions {
  /** From the oldest when left out. */
  readonly start?: Time;
  /** Up to the newest when left out. */
  readonly end?: Time;
}

/** The calls that look at queries and traces. */
export interface ObservingCalls {
  /** Exemplars of the series that the selectors of an expression match, sorted by series. */
  exemplars(expression: string, options?: ExemplarOptions): Promise<readonly ExemplarSeries[]>;
  /**
   * The plan of a query as a tree, with `analyze` the cost of each operator.
   *
   * ```ts
   * const { root } = await client.explain("sum(rate(ticks_total[5m]))", { analyze: true });
   * console.log(root.operator, root.stats?.cpuUs);
   * ```
   */
  explain(expression: string, options?: ExplainOptions): Promise<QueryPlan>;
  /** The tenant's queries at work, the oldest first. */
  activeQueries(options?: UrdCallOptions): Promise<readonly ActiveQuery[]>;
  /** Ends a query by its id; false when it is not at work. */
  cancelQuery(id: string, options?: UrdCallOptions): Promise<boolean>;
}

/** A client of one server and tenant. Every failure is an UrdClientError. */
export interface UrdClient extends ObservingCalls {
  /**
   * Writes series and resolves when the server has judged all of them; what is stored then
   * survives its crash. Many series go in several batches, one after the other; failures
   * that may pass are tried again. Rejects when a batch could not be judged: batches before
   * it are stored, and writing all of it again is safe.
   *
   * ```ts
   * const outcome = await client.write([
   *   { labels: { __name__: "room_celsius", room: "lab" }, samples: [{ timeMs: Date.now(), value: 21.5 }] },
   * ]);
   * for (const { error, samples } of outcome.refused) console.warn(samples, error.id, error.series);
   * ```
   */
  write(series: readonly WriteSeries[], options?: UrdCallOptions): Promise<WriteOutcome>;
  /**
   * A writer that gathers series into batches by count, size and age.
   *
   * ```ts
   * await using writer = client.writer({ batchAgeMsMax: 500 });
   * await writer.add({ labels: { __name__: "ticks_total" }, samples: [{ timeMs: Date.now(), value: 1 }] });
   * ```
   */
  writer(options?: WriterOptions): UrdWriter;
  /**
   * Evaluates an expression at one time.
   *
   * ```ts
   * const { series } = await client.queryInstant("sum by (job) (up)").collect();
   * for (const { labels, values } of series) console.log(labels.job, values[0]);
   * ```
   */
  queryInstant(expression: string, options?: InstantOptions): QueryStream;
  /**
   * Evaluates an expression at each step of a range; frames come as the server makes them.
   *
   * ```ts
   * const end = Date.now();
   * for await (const frame of client.queryRange("rate(ticks_total[1m])", { start: end - 3_600_000, end, stepMs: 15_000 })) {
   *   for (const { labels, timesMs, values } of frame.series) console.log(labels, timesMs.length, values.at(-1));
   * }
   * ```
   */
  queryRange(expression: string, options: RangeOptions): QueryStream;
  /** Label sets of the series that any selector matches, sorted. */
  series(selectors: readonly string[], options?: ListOptions): Promise<Listing<Labels>>;
  /** Label names, sorted. */
  labelNames(options?: ListOptions): Promise<Listing<string>>;
  /** Values of one label, sorted. */
  labelValues(name: string, options?: ListOptions): Promise<Listing<string>>;
  /** What is known of metric families, by name; of one family when `metric` is given. */
  metadata(
    options?: UrdCallOptions & { readonly metric?: string; readonly limit?: number },
  ): Promise<readonly MetricFamily[]>;
  /** Ends connections; calls under way fail. */
  close(): void;
}

/** What every client takes, whatever carries it. */
export interface UrdClientOptions {
  /** Address of the server, such as `http://localhost:9009`. */
  readonly baseUrl: string;
  /** Tenant id; servers without multitenancy need none. */
  readonly tenant?: string;
  /** Sent with every call, such as `{ authorization: "Bearer …" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For calls that name no timeout of their own; 60,000 ms when left out. */
  readonly timeoutMs?: number;
  /** How failures that may pass are tried again; eight times over half a minute. */
  readonly retry?: Partial<RetryOptions>;
}
