import {
  type LimitKey,
  limitKeys,
  singleProcessDefaults,
  type TenantLimits,
} from "../limits/index.ts";
import { type Option, type OptionTable, option } from "../platform/config/index.ts";

/** What the machine decides is left open here and filled in at the start. */
const defaults = singleProcessDefaults({ memorySizeBytes: 0 });

/** What an owner of one process is most likely to want to change. */
const basic: ReadonlySet<keyof TenantLimits> = new Set([
  "ingestionRate",
  "seriesMax",
  "outOfOrderWindowMs",
  "labelNamesMax",
  "exemplarsMax",
]);

interface LimitText {
  /** Mimir's flag. */
  readonly flag: string;
  readonly doc: string;
  readonly defaultText?: string;
}

const texts: Readonly<Record<keyof TenantLimits, LimitText>> = {
  requestRate: {
    flag: "distributor.request-rate-limit",
    doc: "Write requests a second of a tenant. 0: no limit.",
  },
  requestBurst: {
    flag: "distributor.request-burst-size",
    doc: "Write requests that a tenant may send at once.",
  },
  ingestionRate: {
    flag: "distributor.ingestion-rate-limit",
    doc: "Samples, exemplars and metadata a second of a tenant. 0: no limit.",
  },
  ingestionBurst: {
    flag: "distributor.ingestion-burst-size",
    doc: "Samples, exemplars and metadata that a tenant may send at once.",
  },
  writeMessageSizeBytesMax: {
    flag: "distributor.max-recv-msg-size",
    doc: "Size of a write request, decompressed.",
  },
  seriesMax: {
    flag: "ingester.max-global-series-per-user",
    doc: "Series of a tenant in memory. 0: no limit.",
  },
  labelNamesMax: {
    flag: "validation.max-label-names-per-series",
    doc: "Labels of a series, the name included. 0: no limit.",
  },
  labelNameSizeBytesMax: {
    flag: "validation.max-length-label-name",
    doc: "Bytes of a label name. 0: no limit.",
  },
  labelValueSizeBytesMax: {
    flag: "validation.max-length-label-value",
    doc: "Bytes of a label value. 0: no limit.",
  },
  outOfOrderWindowMs: {
    flag: "ingester.out-of-order-time-window",
    doc: "How far behind the tenant's newest sample a sample may be.",
  },
  futureGraceMs: {
    flag: "validation.create-grace-period",
    doc: "How far in the future a sample may be.",
  },
  exemplarsMax: {
    flag: "ingester.max-global-exemplars-per-user",
    doc: "Exemplars of a tenant that are kept. 0: none.",
  },
  nativeHistogramsEnabled: {
    flag: "ingester.native-histograms-ingestion-enabled",
    doc: "Takes native histograms.",
  },
  nativeHistogramBucketsMax: {
    flag: "validation.max-native-histogram-buckets",
    doc: "Buckets of a native histogram. 0: no limit.",
  },
  startTimestampsStored: {
    flag: "ingester.start-timestamp-storage-enabled",
    doc: "Stores the start timestamps of remote write 2.0; floats are encoded as XOR2 then.",
  },
  floatsAsXor2: {
    flag: "ingester.xor2-encoding-enabled",
    doc: "Encodes floats as XOR2, which is smaller, and which older readers of blocks do not know.",
  },
  seriesPerQueryMax: {
    flag: "querier.max-fetched-series-per-query",
    doc: "Series that one query reads. 0: no limit.",
  },
  chunksPerQueryMax: {
    flag: "querier.max-fetched-chunks-per-query",
    doc: "Chunks that one query reads. 0: no limit.",
  },
  chunkBytesPerQueryMax: {
    flag: "querier.max-fetched-chunk-bytes-per-query",
    doc: "Bytes of chunks that one query reads. 0: no limit.",
  },
  totalQueryLengthMsMax: {
    flag: "query-frontend.max-total-query-length",
    doc: "Time from the first step of a query to its last. 0: no limit.",
  },
  queryMemorySizeBytesMax: {
    flag: "querier.max-estimated-memory-consumption-per-query",
    doc: "Memory that one query uses. 0: a quarter of the machine's memory.",
    defaultText: "a quarter of the machine's memory",
  },
  queryExpressionSizeBytesMax: {
    flag: "query-frontend.max-query-expression-size-bytes",
    doc: "Length of a query's text. 0: no limit.",
  },
  experimentalFunctions: {
    flag: "querier.promql-experimental-functions",
    doc: "Allows functions and aggregations that PromQL calls experimental.",
  },
  durationExpressions: {
    flag: "querier.promql-duration-expressions",
    doc: "Allows arithmetic in durations, such as [5m * 2].",
  },
  extendedRangeSelectors: {
    flag: "querier.promql-extended-range-selectors",
    doc: "Allows `anchored` and `smoothed` after selectors.",
  },
  fillModifiers: {
    flag: "querier.promql-fill-modifiers",
    doc: "Allows `fill`, `fill_left` and `fill_right` between vectors.",
  },
  delayedNameRemoval: {
    flag: "querier.promql-delayed-name-removal",
    doc: "Drops metric names when a query ends, not where an operation makes them wrong.",
  },
  useStartTimestamps: {
    flag: "querier.promql-use-start-timestamps",
    doc: "Lets rates and resets use the start timestamps of samples.",
  },
  typeAndUnitLabels: {
    flag: "querier.promql-type-and-unit-labels",
    doc: "Takes the label __type__ for what says whether a metric is a counter.",
  },
};

function limitOption<K extends keyof TenantLimits>(name: K): Option<TenantLimits[K]> {
  const { key, kind }: LimitKey = limitKeys[name];
  return option({
    ...texts[name],
    key: `limits.${key}`,
    kind: kind as Parameters<typeof option<TenantLimits[K]>>[0]["kind"],
    default: defaults[name],
    maturity: basic.has(name) ? "basic" : "advanced",
  });
}

/** Options of `limits:`, what a tenant may do that the overrides file does not name. */
export const limitOptions: OptionTable<{ limits: TenantLimits }>["limits"] = Object.fromEntries(
  (Object.keys(texts) as (keyof TenantLimits)[]).map((name) => [name, limitOption(name)]),
) as unknown as OptionTable<{ limits: TenantLimits }>["limits"];
