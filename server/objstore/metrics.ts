import { durationBucketsSeconds, type MetricRegistry } from "../platform/telemetry/index.ts";
import type { BucketOperation } from "./around-calls.ts";

/** How an attempt ended: `failed` may succeed later, `refused` will not. */
export type BucketOutcome = "ok" | "failed" | "refused" | "aborted";

/** What is counted of a bucket. */
export interface BucketMetrics {
  attempted(
    operation: BucketOperation,
    result: {
      outcome: BucketOutcome;
      durationMs: number;
      sentBytes: number;
      receivedBytes: number;
    },
  ): void;
  retried(operation: BucketOperation): void;
  budgetSpent(): void;
}

/** Makes the metrics of buckets in a registry; `bucket` tells what a bucket is used for. */
export function createBucketMetrics(
  registry: MetricRegistry,
): (bucket: "blocks" | "ruler" | "alertmanager") => BucketMetrics {
  const labelNames = ["bucket", "operation"] as const;
  const attempts = registry.counter({
    name: "urd_objstore_operations_total",
    help: "Attempts of operations on a bucket, retries included.",
    labelNames: [...labelNames, "outcome"],
  });
  const seconds = registry.histogram({
    name: "urd_objstore_operation_duration_seconds",
    help: "Duration of attempts of operations on a bucket, failed ones included.",
    labelNames,
    buckets: durationBucketsSeconds,
  });
  const bytes = registry.counter({
    name: "urd_objstore_transferred_bytes_total",
    help: "Bytes of objects that successful attempts sent to a bucket or received from it.",
    labelNames,
  });
  const retries = registry.counter({
    name: "urd_objstore_retries_total",
    help: "Operations on a bucket that were tried once more.",
    labelNames,
  });
  const refusedRetries = registry.counter({
    name: "urd_objstore_retry_budget_exhausted_total",
    help: "Retries that were left out because too many calls on the bucket fail.",
    labelNames: ["bucket"],
  });
  return (bucket) => ({
    attempted(operation, { outcome, durationMs, sentBytes, receivedBytes }) {
      attempts.inc({ bucket, operation, outcome });
      seconds.observe({ bucket, operation }, durationMs / 1000);
      if (outcome === "ok") bytes.inc({ bucket, operation }, sentBytes + receivedBytes);
    },
    retried: (operation) => retries.inc({ bucket, operation }),
    budgetSpent: () => refusedRetries.inc({ bucket }),
  });
}
