/**
 * A model of what a Kubernetes cluster exposes: pods of 100 series each, with 11 to 13 labels
 * and about 330 label bytes a series. Half of the counters move at a scrape, a third of the
 * series never change.
 */

/** Series of one pod. */
export const seriesPerPod = 100;

/** How a series' value moves from scrape to scrape. */
export type Motion = "bucket" | "counter" | "float-counter" | "gauge" | "bytes" | "constant";

/** One of a pod's series. */
export interface SeriesTemplate {
  readonly metric: string;
  readonly motion: Motion;
  /** Typical step of a counter, level of a gauge, value of a constant, index of a bucket. */
  readonly scale: number;
  readonly extra: readonly (readonly [string, string])[];
}

const bounds = [
  "0.005",
  "0.01",
  "0.025",
  "0.05",
  "0.1",
  "0.25",
  "0.5",
  "1",
  "2.5",
  "5",
  "10",
  "+Inf",
];

const templates: readonly SeriesTemplate[] = buildTemplates();

/** The 100 templates of a pod, in scrape order. */
export function podTemplates(): readonly SeriesTemplate[] {
  return templates;
}

function buildTemplates(): readonly SeriesTemplate[] {
  const list: SeriesTemplate[] = [];
  const add = (
    metric: string,
    motion: Motion,
    scale: number,
    extra: [string, string][] = [],
  ): void => {
    list.push({ metric, motion, scale, extra });
  };
  for (const route of ["/api/v1/orders", "/api/v1/orders/:id"]) {
    bounds.forEach((le, index) => {
      add("http_request_duration_seconds_bucket", "bucket", index, [
        ["le", le],
        ["route", route],
      ]);
    });
    add("http_request_duration_seconds_sum", "float-counter", 3, [["route", route]]);
    add("http_request_duration_seconds_count", "counter", 120, [["route", route]]);
  }
  for (const method of ["GET", "POST"]) {
    for (const [code, scale] of [
      ["200", 900],
      ["201", 60],
      ["400", 12],
      ["404", 30],
      ["500", 3],
      ["503", 1],
    ] as const) {
      add("http_requests_total", "counter", scale, [
        ["code", code],
        ["method", method],
      ]);
    }
  }
  for (const way of ["receive", "transmit"]) {
    for (const [what, scale] of [
      ["bytes", 250_000],
      ["packets", 300],
      ["errors", 0],
    ] as const) {
      add(`container_network_${way}_${what}_total`, "counter", scale, [["interface", "eth0"]]);
    }
  }
  for (const what of ["working_set_bytes", "rss", "cache", "usage_bytes"])
    add(`container_memory_${what}`, "bytes", 0);
  for (const what of [
    "alloc",
    "heap_alloc",
    "heap_idle",
    "heap_inuse",
    "heap_released",
    "stack_inuse",
    "next_gc",
  ]) {
    add(`go_memstats_${what}_bytes`, "bytes", 0);
  }
  add("container_cpu_usage_seconds_total", "float-counter", 4);
  add("process_cpu_seconds_total", "float-counter", 3);
  add("go_goroutines", "gauge", 80);
  add("process_open_fds", "gauge", 40);
  add("queue_depth", "gauge", 12);
  add("cache_hit_ratio", "gauge", 1);
  for (const phase of ["Pending", "Running", "Succeeded", "Unknown", "Failed"]) {
    add("kube_pod_status_phase", "constant", phase === "Running" ? 1 : 0, [["phase", phase]]);
  }
  for (const [resource, value] of [
    ["cpu", 2],
    ["memory", 2 ** 31],
  ] as const) {
    add("kube_pod_container_resource_requests", "constant", value, [["resource", resource]]);
    add("kube_pod_container_resource_limits", "constant", value, [["resource", resource]]);
  }
  for (const name of [
    "kube_pod_info",
    "kube_pod_ready",
    "go_info",
    "up",
    "process_max_fds",
    "go_threads",
  ]) {
    add(name, "constant", 1);
  }
  for (let i = 0; list.length < seriesPerPod - 12; i++)
    add(`app_operations_${i}_total`, "counter", 10);
  for (let i = 0; list.length < seriesPerPod; i++) add(`app_setting_${i}`, "constant", i);
  return list.slice(0, seriesPerPod);
}

const apps = [
  "checkout",
  "payments",
  "catalog",
  "search",
  "sessions",
  "billing",
  "gateway",
  "ledger",
];

const scramble = (seed: number): number => {
  let x = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
};

const base36 = (value: number, digits: number): string =>
  value.toString(36).padStart(digits, "0").slice(-digits);

/** Labels of a series, sorted by name, `__name__` first. A greater generation is a new pod in the same place. */
export function seriesLabels(at: {
  pod: number;
  generation: number;
  index: number;
}): [string, string][] {
  const template = templates[at.index] as SeriesTemplate;
  const app = apps[at.pod % apps.length] as string;
  const group = at.pod >> 3;
  const node = scramble(at.pod >> 5);
  const unique = scramble(at.pod * 7919 + at.generation * 104_729 + 1);
  const service = `${app}-service-${group % 97}`;
  const namespace = `${app}-production-${String(group % 12).padStart(2, "0")}`;
  const address = `10.${32 + (node & 15)}.${(node >> 4) & 255}.${(unique >> 3) & 255}`;
  const host = `ip-10-${32 + (node & 15)}-${(node >> 4) & 255}-${(node >> 12) & 255}`;
  const labels: [string, string][] = [
    ["__name__", template.metric],
    ["cluster", "prod-eu-central-1-blue"],
    ["container", app],
    ["endpoint", "http-metrics"],
    ["instance", `${address}:9102`],
    ["job", `${namespace}/${service}`],
    ["namespace", namespace],
    ["node", `${host}.eu-central-1.compute.internal`],
    [
      "pod",
      `${service}-${base36(scramble(group), 7)}${base36(at.generation + 1, 2)}-${base36(unique, 5)}`,
    ],
    ["region", "eu-central-1"],
    ["service", service],
    ...template.extra.map(([name, value]): [string, string] => [name, value]),
  ];
  return labels.sort(([a], [b]) => (a < b ? -1 : 1));
}
