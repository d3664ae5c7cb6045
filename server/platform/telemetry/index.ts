export {
  createLogger,
  type LogFields,
  type LogFormat,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  logFormats,
  logLevels,
  silentLogger,
} from "./logger.ts";
export {
  type Aggregation,
  createMetricRegistry,
  type HistogramSpec,
  type JoinedMetrics,
  joinSnapshots,
  type MetricFamily,
  type MetricRegistry,
  type MetricRow,
  type MetricSnapshot,
  type MetricSpec,
  metricsContentType,
} from "./metrics.ts";
export {
  addProcessMetrics,
  addThreadMetrics,
  type BuildInfo,
  durationBucketsSeconds,
} from "./process-metrics.ts";
export { answerMetrics, type MetricSource, metricsFrom } from "./thread-metrics.ts";
