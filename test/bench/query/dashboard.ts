/** A question of the query benchmark, at times relative to the newest sample. */
export interface BenchQuery {
  readonly name: string;
  readonly query: string;
  /** Zero: an instant query at the end. */
  readonly hours: number;
  readonly stepSeconds: number;
  /** Reported by itself, outside the geometric means. */
  readonly apart?: boolean;
}

const instant = (name: string, query: string): BenchQuery => ({
  ...{ name, query, hours: 0, stepSeconds: 0 },
});

const range = (
  name: string,
  query: string,
  over: { readonly hours: number; readonly stepSeconds: number },
): BenchQuery => ({ name, query, ...over });

const requests = "http_requests_total";
const buckets = "http_request_duration_seconds_bucket";
const lastHour = { hours: 1, stepSeconds: 30 };

/**
 * What dashboards ask of a cluster: rates by namespace, error shares, percentiles, leaders, joins
 * with metadata, and the whole stretch of data at a coarse step. `hours` is that stretch.
 */
export function dashboardQueries(hours: number): readonly BenchQuery[] {
  const whole = { hours, stepSeconds: 60 };
  return [
    range("rate by namespace", `sum by (namespace) (rate(${requests}[5m]))`, lastHour),
    range(
      "share of errors by service",
      `sum by (service) (rate(${requests}{code=~"5.."}[5m])) / sum by (service) (rate(${requests}[5m]))`,
      lastHour,
    ),
    range(
      "99th percentile of a route",
      `histogram_quantile(0.99, sum by (le) (rate(${buckets}{route="/api/v1/orders"}[5m])))`,
      lastHour,
    ),
    instant(
      "90th percentile by service",
      `histogram_quantile(0.9, sum by (le, service) (rate(${buckets}[5m])))`,
    ),
    instant("busiest pods", "topk(10, sum by (pod) (rate(container_cpu_usage_seconds_total[5m])))"),
    range("largest series", "topk(5, container_memory_working_set_bytes)", {
      ...{ hours: 1, stepSeconds: 60 },
    }),
    instant(
      "count over a regex of names",
      'count by (__name__) ({__name__=~"container_.+", pod=~".*-service-1.*"})',
    ),
    range("memory, whole", "sum by (namespace) (container_memory_working_set_bytes)", whole),
    range("total rate, whole", `sum(rate(${requests}[5m]))`, whole),
    range(
      "one service, whole, at 15 s",
      ["payments", "checkout"]
        .map((app) => `rate(container_cpu_usage_seconds_total{service="${app}-service-0"}[5m])`)
        .join(" or "),
      { hours, stepSeconds: 15 },
    ),
    instant("subquery", `max_over_time(sum(rate(${requests}[1m]))[1h:1m])`),
    instant(
      "join on pod",
      "sum by (namespace) (container_memory_working_set_bytes / on (pod, namespace, container, " +
        'instance) kube_pod_container_resource_limits{resource="memory"})',
    ),
    range(
      "share by code with group_left",
      `sum by (namespace, code) (rate(${requests}[5m])) / ignoring (code) group_left () ` +
        `sum by (namespace) (rate(${requests}[5m]))`,
      { hours: 1, stepSeconds: 60 },
    ),
    range("phases", "count by (namespace, phase) (kube_pod_status_phase == 1)", {
      ...{ hours: 1, stepSeconds: 60 },
    }),
    range("absent", 'absent(up{job="nobody/knows"})', lastHour),
    instant("mean of an hour", "avg by (namespace) (avg_over_time(go_goroutines[1h]))"),
    {
      ...range(
        "wide matrix",
        '{__name__!="", container=~"checkout|payments|catalog|search"}',
        whole,
      ),
      apart: true,
    },
  ];
}
