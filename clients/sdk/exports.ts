export { UrdClientError, type UrdErrorCode, type UrdErrorFacts } from "./errors.ts";
export type { HistogramBucket, NativeHistogram } from "./histogram.ts";
export type { BatchOutcome, RefusedSamples, WriteOutcome } from "./outcome.ts";
export type {
  Completeness,
  QueryFrame,
  QueryResult,
  QueryStats,
  QueryStream,
  QueryTrailer,
  ResultType,
  SeriesColumns,
} from "./query-stream.ts";
export type { RetryOptions } from "./retry.ts";
export {
  type FamilyMetadata,
  type Labels,
  type MetricType,
  type Sample,
  staleMarker,
  type WriteSeries,
} from "./series.ts";
export type {
  ActiveQuery,
  Exemplar,
  ExemplarOptions,
  ExemplarSeries,
  ExplainOptions,
  InstantOptions,
  ListOptions,
  Listing,
  MetricFamily,
  ObservingCalls,
  OperatorStats,
  PlanNode,
  QueryPlan,
  RangeOptions,
  Time,
  UrdCallOptions,
  UrdClient,
  UrdClientOptions,
} from "./types.ts";
export type { UrdWriter, WriterOptions } from "./writer.ts";
