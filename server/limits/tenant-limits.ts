import {
  decimal,
  duration,
  integer,
  size,
  truth,
  type ValueKind,
} from "../platform/config/index.ts";

/**
 * What one tenant may do: plain numbers, safe to send to another thread. Zero means "no limit"
 * for everything that is counted; for times it means no time, for exemplars none at all.
 */
export interface TenantLimits {
  /** Write requests a second, and how many may come at once. */
  readonly requestRate: number;
  readonly requestBurst: number;
  /** Samples, histograms, exemplars and metadata a second, and how many may come at once. */
  readonly ingestionRate: number;
  readonly ingestionBurst: number;
  /** Size of a write request, decompressed. */
  readonly writeMessageSizeBytesMax: number;
  /** Series in memory. */
  readonly seriesMax: number;
  readonly labelNamesMax: number;
  readonly labelNameSizeBytesMax: number;
  readonly labelValueSizeBytesMax: number;
  /** How far behind the tenant's newest sample a sample may be. */
  readonly outOfOrderWindowMs: number;
  /** How far in the future a sample may be. */
  readonly futureGraceMs: number;
  readonly exemplarsMax: number;
  readonly nativeHistogramsEnabled: boolean;
  /** Buckets of a native histogram, positive and negative together. */
  readonly nativeHistogramBucketsMax: number;
  /** Start timestamps of remote write 2.0 are stored. */
  readonly startTimestampsStored: boolean;
  /** Floats are encoded as XOR2, as they are with start timestamps anyway. */
  readonly floatsAsXor2: boolean;
  readonly seriesPerQueryMax: number;
  readonly chunksPerQueryMax: number;
  readonly chunkBytesPerQueryMax: number;
  /** From the first step of a query to its last. */
  readonly totalQueryLengthMsMax: number;
  readonly queryMemorySizeBytesMax: number;
  readonly queryExpressionSizeBytesMax: number;
  /** Switches of PromQL, each one of Prometheus's feature flags. */
  readonly experimentalFunctions: boolean;
  readonly durationExpressions: boolean;
  readonly extendedRangeSelectors: boolean;
  readonly fillModifiers: boolean;
  readonly delayedNameRemoval: boolean;
  readonly useStartTimestamps: boolean;
  readonly typeAndUnitLabels: boolean;
}

/** Where a limit stands in a file, and what values it takes. */
export interface LimitKey {
  /** Mimir's name, as it stands under `limits:` and under a tenant in `overrides:`. */
  readonly key: string;
  readonly kind: ValueKind<number> | ValueKind<boolean>;
}

const count = integer({ min: 0 });
const rate = decimal({ min: 0 });
const lengthOfTime = duration({ min: 0 });

/** Every limit with its name in files. */
export const limitKeys: Readonly<Record<keyof TenantLimits, LimitKey>> = {
  requestRate: { key: "request_rate", kind: rate },
  requestBurst: { key: "request_burst_size", kind: count },
  ingestionRate: { key: "ingestion_rate", kind: rate },
  ingestionBurst: { key: "ingestion_burst_size", kind: count },
  writeMessageSizeBytesMax: { key: "max_write_message_size", kind: size({ min: 1024 }) },
  seriesMax: { key: "max_global_series_per_user", kind: count },
  labelNamesMax: { key: "max_label_names_per_series", kind: count },
  labelNameSizeBytesMax: { key: "max_label_name_length", kind: count },
  labelValueSizeBytesMax: { key: "max_label_value_length", kind: count },
  outOfOrderWindowMs: { key: "out_of_order_time_window", kind: lengthOfTime },
  futureGraceMs: { key: "creation_grace_period", kind: lengthOfTime },
  exemplarsMax: { key: "max_global_exemplars_per_user", kind: count },
  nativeHistogramsEnabled: { key: "native_histograms_ingestion_enabled", kind: truth },
  nativeHistogramBucketsMax: { key: "max_native_histogram_buckets", kind: count },
  startTimestampsStored: { key: "start_timestamp_storage_enabled", kind: truth },
  floatsAsXor2: { key: "xor2_encoding_enabled", kind: truth },
  seriesPerQueryMax: { key: "max_fetched_series_per_query", kind: count },
  chunksPerQueryMax: { key: "max_fetched_chunks_per_query", kind: count },
  chunkBytesPerQueryMax: { key: "max_fetched_chunk_bytes_per_query", kind: size({ min: 0 }) },
  totalQueryLengthMsMax: { key: "max_total_query_length", kind: lengthOfTime },
  queryMemorySizeBytesMax: {
    key: "max_estimated_memory_consumption_per_query",
    kind: size({ min: 0 }),
  },
  queryExpressionSizeBytesMax: { key: "max_query_expression_size_bytes", kind: size({ min: 0 }) },
  experimentalFunctions: { key: "promql_experimental_functions", kind: truth },
  durationExpressions: { key: "promql_duration_expressions", kind: truth },
  extendedRangeSelectors: { key: "promql_extended_range_selectors", kind: truth },
  fillModifiers: { key: "promql_fill_modifiers", kind: truth },
  delayedNameRemoval: { key: "promql_delayed_name_removal", kind: truth },
  useStartTimestamps: { key: "promql_use_start_timestamps", kind: truth },
  typeAndUnitLabels: { key: "promql_type_and_unit_labels", kind: truth },
};

const mebibyte = 2 ** 20;

/** Mimir's defaults: many tenants that are to be protected from each other. */
export const multitenantDefaults: TenantLimits = {
  requestRate: 0,
  requestBurst: 0,
  ingestionRate: 10_000,
  ingestionBurst: 200_000,
  writeMessageSizeBytesMax: 100 * mebibyte,
  seriesMax: 150_000,
  labelNamesMax: 30,
  labelNameSizeBytesMax: 1024,
  labelValueSizeBytesMax: 2048,
  outOfOrderWindowMs: 0,
  futureGraceMs: 600_000,
  exemplarsMax: 0,
  nativeHistogramsEnabled: true,
  nativeHistogramBucketsMax: 0,
  startTimestampsStored: false,
  floatsAsXor2: false,
  seriesPerQueryMax: 0,
  chunksPerQueryMax: 2_000_000,
  chunkBytesPerQueryMax: 0,
  totalQueryLengthMsMax: 0,
  queryMemorySizeBytesMax: 0,
  queryExpressionSizeBytesMax: 0,
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  fillModifiers: false,
  delayedNameRemoval: false,
  useStartTimestamps: false,
  typeAndUnitLabels: false,
};

/**
 * Defaults of one process for one owner, who needs no protection from himself: rates and
 * series are free, a query may use a quarter of the machine's memory.
 */
export function singleProcessDefaults(machine: { memorySizeBytes: number }): TenantLimits {
  return {
    ...multitenantDefaults,
    ingestionRate: 0,
    ingestionBurst: 0,
    seriesMax: 0,
    labelNamesMax: 60,
    outOfOrderWindowMs: 7_200_000,
    exemplarsMax: 100_000,
    chunksPerQueryMax: 0,
    queryMemorySizeBytesMax: Math.floor(machine.memorySizeBytes / 4),
  };
}
