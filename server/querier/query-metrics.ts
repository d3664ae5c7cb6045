import { type Clock, UrdError } from "../platform/base/index.ts";
import { durationBucketsSeconds, type MetricRegistry } from "../platform/telemetry/index.ts";
import type { QueryAccount } from "./query-account.ts";

/** Counts of one thread's queries. */
export interface QueryMetrics {
  /** A query begins; one of the two is to be called when it ends by itself. */
  start(): {
    succeeded(account: QueryAccount): void;
    failed(error: unknown): void;
  };
}

/** Registers the query thread's metrics. */
export function createQueryMetrics(registry: MetricRegistry, clock: Clock): QueryMetrics {
  const queries = registry.counter({
    name: "urd_querier_queries_total",
    help: "Queries that ended, by what came of them: ok or the id of their error.",
    labelNames: ["outcome"],
  });
  const seconds = registry.histogram({
    name: "urd_querier_query_duration_seconds",
    help: "How long queries took, from the call to the last byte handed over.",
    buckets: durationBucketsSeconds,
  });
  const samples = registry.counter({
    name: "urd_querier_samples_read_total",
    help: "Samples that queries decoded.",
  });
  const chunks = registry.counter({
    name: "urd_querier_chunks_read_total",
    help: "Chunks that queries decoded.",
  });
  return {
    start() {
      const startedMs = clock.monotonicMs();
      const end = (outcome: string): void => {
        queries.inc({ outcome });
        seconds.observe((clock.monotonicMs() - startedMs) / 1000);
      };
      return {
        succeeded(account) {
          samples.inc(account.samples);
          chunks.inc(account.chunks);
          end("ok");
        },
        failed: (error) => end(error instanceof UrdError ? error.id : "err-urd-internal"),
      };
    },
  };
}
