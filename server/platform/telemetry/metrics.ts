import {
  AggregatorRegistry,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  Registry,
} from "prom-client";
import { assert } from "../base/index.ts";

/** What a metric is called and how it is cut. */
export interface MetricSpec<L extends string> {
  /** Starts with `urd_`, has its unit in it, ends with `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly L[];
  /** Called before each collection, to fill in what is counted elsewhere. */
  readonly collect?: () => void;
}

/** As MetricSpec, with the upper bounds of the buckets, ascending. */
export interface HistogramSpec<L extends string> extends MetricSpec<L> {
  readonly buckets: readonly number[];
}

/** How the values of several threads become one; the default is the sum. */
export type Aggregation = "sum" | "max" | "min" | "first";

/** The metrics of one thread as plain data that a MessagePort can carry. */
export type MetricSnapshot = MetricObjectWithValues<MetricValueWithName<string>>[];

/**
 * Metrics of one thread. Every folder gets it as a parameter and makes its metrics once; a
 * name made twice is a bug. Threads are joined by `joinSnapshots`.
 */
export interface MetricRegistry {
  counter<L extends string = never>(spec: MetricSpec<L>): Counter<L>;
  gauge<L extends string = never>(spec: MetricSpec<L>, aggregation?: Aggregation): Gauge<L>;
  histogram<L extends string = never>(spec: HistogramSpec<L>): Histogram<L>;
  /** All values now. */
  snapshot(): Promise<MetricSnapshot>;
}

/** `process_` is for the few metrics that every dashboard knows by that name. */
const namePattern = /^(urd|process)_[a-z0-9_]+$/;

/** An empty registry. */
export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  const base = <L extends string>(spec: MetricSpec<L>) => {
    assert(namePattern.test(spec.name), `metric ${spec.name} has a bad name`);
    return {
      name: spec.name,
      help: spec.help,
      labelNames: [...(spec.labelNames ?? [])],
      registers: [registry],
      ...(spec.collect === undefined ? {} : { collect: spec.collect }),
    };
  };
  return {
    counter: (spec) => new Counter(base(spec)),
    gauge: (spec, aggregation) =>
      new Gauge({ ...base(spec), aggregator: aggregation ?? "sum" } as ConstructorParameters<
        typeof Gauge<string>
      >[0]),
    histogram: (spec) => new Histogram({ ...base(spec), buckets: [...spec.buckets] }),
    snapshot: () => registry.getMetricsAsJSON() as Promise<MetricSnapshot>,
  };
}

/** One row of a joined metric: what a scrape would read as one line. */
export interface MetricRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A joined metric with all of its rows. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly help: string;
  readonly rows: readonly MetricRow[];
}

/** The metrics of all threads as one. */
export interface JoinedMetrics {
  /** Prometheus's text format 0.0.4. */
  text(): Promise<string>;
  /** The same as data, in the same order. */
  families(): Promise<readonly MetricFamily[]>;
}

/** Content type of `JoinedMetrics.text`. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/** Adds up the snapshots of several threads, metric by metric and label set by label set. */
export function joinSnapshots(snapshots: readonly MetricSnapshot[]): JoinedMetrics {
  const joined = AggregatorRegistry.aggregate([...snapshots]);
  return {
    text: () => joined.metrics(),
    families: async () => {
      const metrics = (await joined.getMetricsAsJSON()) as unknown as MetricSnapshot;
      return metrics.map((metric) => ({
        name: metric.name,
        type: typeNames[metric.type as unknown as keyof typeof typeNames] ?? "gauge",
        help: metric.help,
        rows: metric.values.map((value) => rowOf(metric.name, value)),
      }));
    },
  };
}

/** The types as they are written in snapshots. */
const typeNames: Readonly<Record<string, MetricFamily["type"]>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  summary: "summary",
};

function rowOf(name: string, value: MetricValueWithName<string>): MetricRow {
  return {
    name: value.metricName ?? name,
    labels: Object.fromEntries(
      Object.entries(value.labels).map(([label, text]) => [label, String(text)]),
    ),
    value: value.value,
  };
}
