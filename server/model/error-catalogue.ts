import { type CatalogueEntry, type ErrorFacts, UrdError } from "../platform/base/index.ts";

const badData = { code: "INVALID_ARGUMENT", http: 400, retryable: false } as const;
const tenantLimit = { code: "FAILED_PRECONDITION", http: 400, retryable: false } as const;
const rateLimit = { code: "RESOURCE_EXHAUSTED", http: 429, retryable: true } as const;
const unavailable = { code: "UNAVAILABLE", http: 503, retryable: true } as const;
const queryLimit = { code: "RESOURCE_EXHAUSTED", http: 422, retryable: false } as const;

/** An id of the catalogue, without the prefix. */
export type ErrorId =
  | "missing-metric-name"
  | "metric-name-invalid"
  | "max-label-names-per-series"
  | "label-invalid"
  | "label-value-invalid"
  | "label-name-too-long"
  | "label-value-too-long"
  | "duplicate-label-names"
  | "too-far-in-future"
  | "sample-timestamp-too-old"
  | "sample-out-of-order"
  | "sample-duplicate-timestamp"
  | "native-histograms-disabled"
  | "max-native-histogram-buckets"
  | "invalid-native-histogram-schema"
  | "native-histogram-count-mismatch"
  | "native-histogram-count-not-big-enough"
  | "native-histogram-negative-bucket-count"
  | "native-histogram-span-negative-offset"
  | "native-histogram-spans-buckets-mismatch"
  | "native-histogram-custom-buckets-mismatch"
  | "native-histogram-custom-buckets-invalid"
  | "native-histogram-custom-buckets-infinite"
  | "native-histogram-custom-buckets-not-reducible"
  | "write-request-invalid"
  | "write-encoding-unsupported"
  | "distributor-max-write-message-size"
  | "max-series-per-user"
  | "tenant-max-ingestion-rate"
  | "tenant-max-request-rate"
  | "distributor-max-inflight-push-requests"
  | "distributor-max-inflight-push-requests-bytes"
  | "ingester-max-series"
  | "ingester-log-unavailable"
  | "shard-unavailable"
  | "querier-unavailable"
  | "no-org-id"
  | "tenant-id-invalid"
  | "request-invalid"
  | "request-too-large"
  | "not-found"
  | "method-not-allowed"
  | "query-invalid"
  | "query-execution"
  | "query-timeout"
  | "query-cancelled"
  | "query-incomplete"
  | "query-queue-full"
  | "max-series-per-query"
  | "max-chunks-per-query"
  | "max-chunks-bytes-per-query"
  | "max-total-query-length"
  | "max-samples-per-query"
  | "max-estimated-memory-consumption-per-query"
  | "max-query-expression-size-bytes"
  | "bucket-unavailable"
  | "bucket-refused"
  | "bucket-object-changed"
  | "bucket-object-too-large"
  | "bucket-unusable"
  | "rpc-cancelled"
  | "rpc-deadline-exceeded"
  | "rpc-unavailable"
  | "rpc-overloaded"
  | "rpc-unimplemented"
  | "rpc-message-too-large"
  | "rpc-message-invalid"
  | "internal";

/**
 * Every error a client can meet, by id without the prefix `err-urd-`. Ids are those of Mimir
 * where the meaning is the same; an id never changes its meaning. `docs/errors.md` lists them
 * for users, and a test compares both.
 */
export const errorCatalogue: Readonly<Record<ErrorId, CatalogueEntry>> = {
  "missing-metric-name": { ...badData, doc: "A series has no __name__ label." },
  "metric-name-invalid": { ...badData, doc: "A metric name is not valid UTF-8." },
  "max-label-names-per-series": {
    ...badData,
    option: "limits.max_label_names_per_series",
    doc: "A series has more labels than allowed.",
  },
  "label-invalid": { ...badData, doc: "A label name is empty or not valid UTF-8." },
  "label-value-invalid": { ...badData, doc: "A label value is not valid UTF-8." },
  "label-name-too-long": {
    ...badData,
    option: "limits.max_label_name_length",
    doc: "A label name is longer than allowed.",
  },
  "label-value-too-long": {
    ...badData,
    option: "limits.max_label_value_length",
    doc: "A label value is longer than allowed.",
  },
  "duplicate-label-names": { ...badData, doc: "A series has a label name twice." },
  "too-far-in-future": {
    ...badData,
    option: "limits.creation_grace_period",
    doc: "A sample lies further in the future than allowed.",
  },
  "sample-timestamp-too-old": {
    ...badData,
    option: "limits.out_of_order_time_window",
    doc: "A sample is older than the out-of-order window of its tenant allows.",
  },
  "sample-out-of-order": {
    ...badData,
    option: "limits.out_of_order_time_window",
    doc: "A sample is older than the newest of its series, and the window is zero.",
  },
  "sample-duplicate-timestamp": {
    ...badData,
    doc: "A sample has the time of a stored one with another value.",
  },
  "native-histograms-disabled": {
    ...badData,
    option: "limits.native_histograms_ingestion_enabled",
    doc: "A native histogram was sent and the tenant does not take them.",
  },
  "max-native-histogram-buckets": {
    ...badData,
    option: "limits.max_native_histogram_buckets",
    doc: "A native histogram has more buckets than allowed.",
  },
  "invalid-native-histogram-schema": {
    ...badData,
    doc: "A native histogram has a schema that is neither -4 to 8 nor -53.",
  },
  "native-histogram-count-mismatch": {
    ...badData,
    doc: "The count of a native histogram is not the sum of its buckets.",
  },
  "native-histogram-count-not-big-enough": {
    ...badData,
    doc: "The count of a native histogram with the sum NaN is less than the sum of its buckets.",
  },
  "native-histogram-negative-bucket-count": {
    ...badData,
    doc: "A native histogram has a count below zero.",
  },
  "native-histogram-span-negative-offset": {
    ...badData,
    doc: "A span of a native histogram begins before the end of the one before.",
  },
  "native-histogram-spans-buckets-mismatch": {
    ...badData,
    doc: "The spans of a native histogram name another number of buckets than it has.",
  },
  "native-histogram-custom-buckets-mismatch": {
    ...badData,
    doc: "A native histogram has too few custom bounds for its buckets.",
  },
  "native-histogram-custom-buckets-invalid": {
    ...badData,
    doc: "Custom bounds of a native histogram do not ascend, or stand beside what only exponential buckets have.",
  },
  "native-histogram-custom-buckets-infinite": {
    ...badData,
    doc: "A native histogram names the bound +Inf, which is implied.",
  },
  "native-histogram-custom-buckets-not-reducible": {
    ...badData,
    option: "limits.max_native_histogram_buckets",
    doc: "A native histogram has more custom buckets than allowed.",
  },
  "write-request-invalid": { ...badData, doc: "A write request is not what its headers say." },
  "write-encoding-unsupported": {
    ...badData,
    http: 415,
    doc: "Content type or encoding of a write request is not one that Urd takes.",
  },
  "distributor-max-write-message-size": {
    ...badData,
    option: "limits.max_write_message_size",
    doc: "A write request is larger than allowed, decompressed.",
  },
  "max-series-per-user": {
    ...tenantLimit,
    option: "limits.max_global_series_per_user",
    doc: "A tenant has as many series in memory as allowed.",
  },
  "tenant-max-ingestion-rate": {
    ...rateLimit,
    option: "limits.ingestion_rate",
    doc: "A tenant sends more samples a second than allowed.",
  },
  "tenant-max-request-rate": {
    ...rateLimit,
    option: "limits.request_rate",
    doc: "A tenant sends more requests a second than allowed.",
  },
  "distributor-max-inflight-push-requests": {
    ...unavailable,
    option: "distributor.instance_limits.max_inflight_push_requests",
    doc: "The process handles as many pushes at once as it can.",
  },
  "distributor-max-inflight-push-requests-bytes": {
    ...unavailable,
    option: "distributor.instance_limits.max_inflight_push_requests_bytes",
    doc: "The process holds as many bytes of pushes as it can.",
  },
  "ingester-max-series": {
    ...unavailable,
    option: "ingester.instance_limits.max_series",
    doc: "The ingester holds as many series as it can.",
  },
  "ingester-log-unavailable": {
    ...unavailable,
    doc: "The write log cannot be written, most often because the disk is full. Writes go on by themselves when it can.",
  },
  "shard-unavailable": {
    ...unavailable,
    doc: "An ingest shard is starting, replaying its log, or has failed and is coming back.",
  },
  "querier-unavailable": {
    ...unavailable,
    doc: "A query thread is starting, or has failed and is coming back.",
  },
  "no-org-id": {
    code: "UNAUTHENTICATED",
    http: 401,
    retryable: false,
    option: "multitenancy_enabled",
    doc: "The request names no tenant (header X-Scope-OrgID).",
  },
  "tenant-id-invalid": { ...badData, doc: "The tenant id breaks the rules for ids." },
  "request-invalid": { ...badData, doc: "A parameter of a request is missing or malformed." },
  "request-too-large": {
    ...badData,
    http: 413,
    doc: "The body of a request is larger than allowed.",
  },
  "not-found": {
    code: "NOT_FOUND",
    http: 404,
    retryable: false,
    doc: "There is nothing at this address.",
  },
  "method-not-allowed": {
    code: "UNIMPLEMENTED",
    http: 405,
    retryable: false,
    doc: "The address does not take this method.",
  },
  "query-invalid": { ...badData, doc: "The query is not PromQL, or its types do not fit." },
  "query-execution": {
    code: "FAILED_PRECONDITION",
    http: 422,
    retryable: false,
    doc: "The query is valid but cannot be evaluated on this data.",
  },
  "query-timeout": {
    code: "DEADLINE_EXCEEDED",
    http: 503,
    retryable: true,
    option: "querier.timeout",
    doc: "The query took longer than allowed.",
  },
  "query-cancelled": {
    code: "CANCELLED",
    http: 499,
    retryable: false,
    doc: "The client went away, or the query was cancelled.",
  },
  "query-incomplete": {
    ...unavailable,
    doc: "Data that the query needs cannot be read, and the query is strict.",
  },
  "query-queue-full": {
    ...rateLimit,
    option: "query_scheduler.max_outstanding_requests_per_tenant",
    doc: "Too many queries of the tenant wait for a worker.",
  },
  "max-series-per-query": {
    ...queryLimit,
    option: "limits.max_fetched_series_per_query",
    doc: "A query reads more series than allowed.",
  },
  "max-chunks-per-query": {
    ...queryLimit,
    option: "limits.max_fetched_chunks_per_query",
    doc: "A query reads more chunks than allowed.",
  },
  "max-chunks-bytes-per-query": {
    ...queryLimit,
    option: "limits.max_fetched_chunk_bytes_per_query",
    doc: "A query reads more bytes of chunks than allowed.",
  },
  "max-total-query-length": {
    ...badData,
    option: "limits.max_total_query_length",
    doc: "A query covers more time than allowed.",
  },
  "max-samples-per-query": {
    ...queryLimit,
    option: "querier.max_samples",
    doc: "A query holds more samples at once than allowed.",
  },
  "max-estimated-memory-consumption-per-query": {
    ...queryLimit,
    option: "limits.max_estimated_memory_consumption_per_query",
    doc: "A query needs more memory than allowed.",
  },
  "max-query-expression-size-bytes": {
    ...badData,
    option: "limits.max_query_expression_size_bytes",
    doc: "A query text is longer than allowed.",
  },
  "bucket-unavailable": {
    ...unavailable,
    doc: "The object store does not answer, or not in time, after every try that was allowed.",
  },
  "bucket-refused": {
    code: "INTERNAL",
    http: 500,
    retryable: false,
    doc: "The object store refuses a request, most often for want of a permission.",
  },
  "bucket-object-changed": {
    ...unavailable,
    doc: "An object was replaced in the object store while it was being read.",
  },
  "bucket-object-too-large": {
    code: "INTERNAL",
    http: 500,
    retryable: false,
    doc: "An object in the bucket is larger than its kind may be; it is not what Urd writes.",
  },
  "bucket-unusable": {
    code: "FAILED_PRECONDITION",
    http: 500,
    retryable: false,
    doc: "The bucket is missing, cannot be written, or holds what others stored. The process does not start.",
  },
  "rpc-cancelled": {
    code: "CANCELLED",
    http: 499,
    retryable: false,
    doc: "The caller cancelled the call or went away.",
  },
  "rpc-deadline-exceeded": {
    code: "DEADLINE_EXCEEDED",
    http: 504,
    retryable: true,
    doc: "The call took longer than its caller allowed.",
  },
  "rpc-unavailable": {
    ...unavailable,
    doc: "The other side of a call cannot be reached, or went away before it answered.",
  },
  "rpc-overloaded": {
    ...unavailable,
    doc: "The other side of a call serves as many calls at once as it can.",
  },
  "rpc-unimplemented": {
    code: "UNIMPLEMENTED",
    http: 501,
    retryable: false,
    doc: "The other side does not know the method; it may be of another version.",
  },
  "rpc-message-too-large": {
    code: "RESOURCE_EXHAUSTED",
    http: 413,
    retryable: false,
    doc: "A message is larger than the receiver takes.",
  },
  "rpc-message-invalid": { ...badData, doc: "A message is not what its method takes." },
  internal: {
    code: "INTERNAL",
    http: 500,
    retryable: true,
    doc: "A mistake in Urd itself; the log of the process says more.",
  },
};

/** Makes the error of one catalogue entry; `message` is a whole sentence for people. */
export function urdError(id: ErrorId, message: string, facts?: ErrorFacts): UrdError {
  return new UrdError(`err-urd-${id}`, errorCatalogue[id], message, facts);
}
