import type { Clock } from "../platform/base/index.ts";
import { durationBucketsSeconds, type MetricRegistry } from "../platform/telemetry/index.ts";
import type { Exchange } from "./exchange.ts";

/** What the gateway counts. */
export interface GatewayMetrics {
  /** A request has come; call what is returned when it is over. */
  begin(route: string, exchange: Exchange): () => void;
}

/** Methods that get a label of their own; clients can send any word. */
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS"]);

/** Makes the metrics of one gateway. */
export function createGatewayMetrics(registry: MetricRegistry, clock: Clock): GatewayMetrics {
  const duration = registry.histogram({
    name: "urd_request_duration_seconds",
    help: "Time from a request's first line to the end of its answer.",
    labelNames: ["route", "method", "status_code"],
    buckets: durationBucketsSeconds,
  });
  const inflight = registry.gauge({
    name: "urd_inflight_requests",
    help: "HTTP requests being served.",
  });
  return {
    begin(route, { method, response }) {
      const startMs = clock.monotonicMs();
      inflight.inc();
      return () => {
        inflight.dec();
        const labels = {
          route,
          method: methods.has(method) ? method : "other",
          status_code: response.headersSent ? String(response.statusCode) : "499",
        };
        duration.observe(labels, (clock.monotonicMs() - startMs) / 1000);
      };
    },
  };
}
