import type { Gauge } from "prom-client";
import type { PayloadCounts } from "../kernel/index.ts";
import type { MetricRegistry } from "../platform/telemetry/index.ts";
import type { Admission } from "./admission.ts";
import type { PushOutcome } from "./outcome.ts";

/** What the distributor counts. No metric has a tenant as label: tenants are walls. */
export interface DistributorMetrics {
  received(counts: PayloadCounts): void;
  finished(outcome: PushOutcome): void;
  /** A push that was refused as a whole. */
  refused(id: string): void;
}

/** Makes the metrics of one distributor. */
export function createDistributorMetrics(
  registry: MetricRegistry,
  admission: Admission,
): DistributorMetrics {
  const received = registry.counter({
    name: "urd_distributor_received_samples_total",
    help: "Samples and histograms in write requests that could be read.",
  });
  const stored = registry.counter({
    name: "urd_distributor_stored_samples_total",
    help: "Samples and histograms that shards acknowledged.",
  });
  const discarded = registry.counter({
    name: "urd_discarded_samples_total",
    help: "Samples and histograms that were refused, by reason.",
    labelNames: ["reason"],
  });
  const refusedRequests = registry.counter({
    name: "urd_distributor_refused_requests_total",
    help: "Write requests that were refused as a whole, by reason.",
    labelNames: ["reason"],
  });
  const inflight: Gauge = registry.gauge({
    name: "urd_distributor_inflight_push_requests",
    help: "Write requests being handled.",
    collect: () => inflight.set(admission.inflightPushes),
  });
  const inflightBytes: Gauge = registry.gauge({
    name: "urd_distributor_inflight_push_requests_bytes",
    help: "Bytes reserved for write requests being handled.",
    collect: () => inflightBytes.set(admission.inflightSizeBytes),
  });
  return {
    received: ({ samples, histograms }) => received.inc(samples + histograms),
    finished(outcome) {
      stored.inc(outcome.samplesStored + outcome.histogramsStored);
      for (const { error, samples } of outcome.refused)
        discarded.inc({ reason: error.id }, samples);
      if (outcome.failure !== undefined) refusedRequests.inc({ reason: outcome.failure.id });
    },
    refused: (reason) => refusedRequests.inc({ reason }),
  };
}
