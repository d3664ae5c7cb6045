/** Label names and values; the metric's name is the label `__name__`. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Says that a series has ended: queries no longer see it from this time on. It is a value of
 * its own kind, as no JavaScript number is sure to keep the bits that Prometheus uses for it.
 */
export const staleMarker: unique symbol = Symbol("urd.stale");

/** A value at a time. */
export interface Sample {
  /** Milliseconds since the Unix epoch, a whole number. */
  readonly timeMs: number;
  readonly value: number | typeof staleMarker;
}

/** Types of metric families. */
export type MetricType =
  | "counter"
  | "gauge"
  | "histogram"
  | "gaugehistogram"
  | "summary"
  | "info"
  | "stateset";

/** What is known of the metric family of a series. */
export interface FamilyMetadata {
  readonly type?: MetricType;
  readonly help?: string;
  readonly unit?: string;
}

/** Samples of one series, oldest first. */
export interface WriteSeries {
  readonly labels: Labels;
  readonly samples: readonly Sample[];
  readonly metadata?: FamilyMetadata;
}

/** Bytes that a series takes in a request, roughly: what batches are measured by. */
export function approximateSizeBytes(series: WriteSeries): number {
  let sizeBytes = 16 + series.samples.length * 20;
  for (const name in series.labels) {
    sizeBytes += name.length + (series.labels[name]?.length ?? 0) + 8;
  }
  return sizeBytes + (series.metadata?.help?.length ?? 0);
}
