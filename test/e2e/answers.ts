import { compareLabels, compareUtf8 } from "../../server/model/index.ts";

/** One question to both systems. */
export type Question =
  | { readonly kind: "instant"; readonly query: string; readonly timeMs: number }
  | {
      readonly kind: "range";
      readonly query: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly stepMs: number;
    };

const instantQueries: readonly string[] = [
  "up",
  "count(up)",
  'up{job=~"node|prometheus"}',
  'up{job!="urd"}',
  'count({__name__=~".+"})',
  'count by (job) ({__name__!=""})',
  "sum by (job) (rate(process_cpu_seconds_total[30s]))",
  "rate(prometheus_http_requests_total[30s])",
  "increase(prometheus_http_requests_total[40s])",
  "irate(node_cpu_seconds_total[20s])",
  'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[30s]))',
  "avg without (cpu) (rate(node_cpu_seconds_total[30s]))",
  "topk(3, go_memstats_alloc_bytes)",
  "bottomk(2, process_resident_memory_bytes)",
  "quantile(0.5, node_cpu_seconds_total)",
  "histogram_quantile(0.9, rate(prometheus_http_request_duration_seconds_bucket[40s]))",
  "histogram_quantile(0.5, sum by (le) (prometheus_http_response_size_bytes_bucket))",
  "max_over_time(go_goroutines[30s])",
  "min_over_time(go_goroutines[30s]) - avg_over_time(go_goroutines[30s])",
  "count_over_time(up[30s])",
  "sum_over_time(up[20s])",
  "last_over_time(up[10s])",
  "delta(process_resident_memory_bytes[30s])",
  "go_goroutines offset 10s",
  "absent(nothing_of_this_name)",
  'label_replace(up, "host", "$1", "instance", "(.*):.*")',
  'label_join(up, "both", "-", "job", "instance")',
  "scalar(count(up)) * 2",
  "vector(time())",
  "sort_desc(process_open_fds)",
  "process_open_fds / on (instance) process_max_fds",
  "process_open_fds / ignoring (nothing) process_max_fds > 0.0001",
  "up == bool 1",
  "up and on (job) process_open_fds",
  'up unless up{job="node"}',
  'up{job="node"} or up{job="prometheus"}',
  "node_network_receive_bytes_total * on (device) group_left () node_network_up",
  "max_over_time(rate(process_cpu_seconds_total[10s])[30s:5s])",
  "changes(process_start_time_seconds[30s]) + resets(process_cpu_seconds_total[30s])",
  "-abs(ceil(process_cpu_seconds_total) - round(process_cpu_seconds_total, 0.1))",
];

const rangeQueries: readonly string[] = [
  "up",
  "rate(prometheus_http_requests_total[20s])",
  "sum by (job) (rate(process_cpu_seconds_total[20s]))",
  "sum(rate(node_cpu_seconds_total[15s])) by (cpu)",
  "histogram_quantile(0.99, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[30s])))",
  "topk(2, go_goroutines)",
  "go_memstats_alloc_bytes / 1024 / 1024",
  "avg_over_time(process_resident_memory_bytes[15s])",
  "max by (device) (node_network_transmit_bytes_total) > 0",
  "absent(up{job='nothing'})",
  "irate(go_memstats_alloc_bytes_total[10s])",
  "increase(process_cpu_seconds_total[30s]) > 0.01",
  "up offset 15s",
  "count(count by (__name__) ({job='node'}))",
  "stddev by (job) (go_goroutines)",
  "deriv(process_resident_memory_bytes[20s])",
  "predict_linear(go_memstats_heap_inuse_bytes[20s], 60)",
  "quantile_over_time(0.75, go_goroutines[20s])",
  "process_start_time_seconds - time()",
  "min(up) by (job) == 1",
];

/** Asked of a scene with native histograms, each at one time and over the whole. */
const histogramQueries: readonly string[] = [
  "prometheus_http_request_duration_seconds",
  "histogram_count(prometheus_http_request_duration_seconds)",
  "histogram_sum(rate(prometheus_http_request_duration_seconds[20s]))",
  "histogram_avg(prometheus_http_request_duration_seconds)",
  "histogram_stddev(prometheus_http_request_duration_seconds)",
  "histogram_quantile(0.9, rate(prometheus_http_request_duration_seconds[30s]))",
  "histogram_quantile(0.5, sum(rate(prometheus_http_request_duration_seconds[20s])))",
  "histogram_fraction(0, 0.01, prometheus_http_request_duration_seconds)",
  "sum by (handler) (rate(prometheus_http_request_duration_seconds[20s]))",
  "avg(prometheus_http_request_duration_seconds)",
  "prometheus_http_request_duration_seconds * 2",
  "count_over_time(prometheus_http_request_duration_seconds[10s])",
  "last_over_time(prometheus_http_request_duration_seconds[10s])",
];

/** Sixty questions whose data all lie before `endMs`, and more where histograms are native. */
export function questions(
  endMs: number,
  spanMs: number,
  { nativeHistograms }: { readonly nativeHistograms: boolean },
): readonly Question[] {
  const startMs = endMs - spanMs;
  const histograms = nativeHistograms ? histogramQueries : [];
  return [
    ...[...instantQueries, ...histograms].map(
      (query): Question => ({ kind: "instant", query, timeMs: endMs }),
    ),
    ...[...rangeQueries, ...histograms].map(
      (query): Question => ({ kind: "range", query, startMs, endMs, stepMs: 1000 }),
    ),
  ];
}

type Point = readonly [number, string];

interface ApiHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}

interface ApiSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: readonly [number, ApiHistogram];
  readonly histograms?: readonly (readonly [number, ApiHistogram])[];
}

interface ApiAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: readonly ApiSeries[] | Point };
}

/** Asks one system. */
export async function ask(base: string, question: Question, tenant?: string): Promise<ApiAnswer> {
  const parameters =
    question.kind === "instant"
      ? { query: question.query, time: String(question.timeMs / 1000) }
      : {
          query: question.query,
          start: String(question.startMs / 1000),
          end: String(question.endMs / 1000),
          step: String(question.stepMs / 1000),
        };
  const path = question.kind === "instant" ? "query" : "query_range";
  const response = await fetch(`${base}/api/v1/${path}`, {
    method: "POST",
    headers: tenant === undefined ? {} : { "X-Scope-OrgID": tenant },
    body: new URLSearchParams(parameters),
  });
  return (await response.json()) as ApiAnswer;
}

/** Whether an answer has a native histogram. */
export function hasHistogram({ data }: ApiAnswer): boolean {
  const result = data?.result ?? [];
  return !isPoint(result) && result.some((one) => (one.histogram ?? one.histograms) !== undefined);
}

/** First difference between two answers, or undefined. Sums may differ in the last bits. */
export function difference(expected: ApiAnswer, actual: ApiAnswer): string | undefined {
  if (actual.status !== expected.status) {
    return `status ${actual.status} (${actual.error}), expected ${expected.status} (${expected.error})`;
  }
  if (actual.data?.resultType !== expected.data?.resultType) return "result types differ";
  const [left, right] = [sortedSeries(expected), sortedSeries(actual)];
  if (left.length !== right.length) return `${right.length} series, expected ${left.length}`;
  for (const [index, series] of left.entries()) {
    const fault = seriesDifference(series, right[index] as ApiSeries);
    if (fault !== undefined) return `${JSON.stringify(series.metric)}: ${fault}`;
  }
  return undefined;
}

function sortedSeries(answer: ApiAnswer): readonly ApiSeries[] {
  const result = answer.data?.result ?? [];
  if (isPoint(result)) return [{ metric: {}, value: result }];
  const flat = (series: ApiSeries): string[] => sortedLabels(series).flat();
  return [...result].sort((a, b) => compareLabels(flat(a), flat(b)));
}

function sortedLabels(series: ApiSeries): [string, string][] {
  return Object.entries(series.metric).sort(([a], [b]) => compareUtf8(a, b));
}

function isPoint(result: readonly ApiSeries[] | Point): result is Point {
  return typeof result[0] === "number";
}

function seriesDifference(expected: ApiSeries, actual: ApiSeries): string | undefined {
  const labels = (series: ApiSeries): string => JSON.stringify(sortedLabels(series));
  if (labels(expected) !== labels(actual)) return `labels are ${JSON.stringify(actual.metric)}`;
  const [left, right] = [points(expected), points(actual)];
  if (left.length !== right.length) return `${right.length} points, expected ${left.length}`;
  for (const [index, [time, value]] of left.entries()) {
    const [otherTime, otherValue] = right[index] as Point;
    if (time !== otherTime) return `time ${otherTime}, expected ${time}`;
    if (!sameTexts(value, otherValue)) return `value ${otherValue} at ${time}, expected ${value}`;
  }
  return undefined;
}

/** Floats, then histograms with all their numbers behind one another. */
function points(series: ApiSeries): readonly Point[] {
  const { value, values = value === undefined ? [] : [value] } = series;
  const { histogram, histograms = histogram === undefined ? [] : [histogram] } = series;
  return [
    ...values,
    ...histograms.map(([time, { count, sum, buckets = [] }]): Point => {
      return [time, [count, sum, ...buckets.flat()].join(" ")];
    }),
  ];
}

function sameTexts(expected: string, actual: string): boolean {
  const [left, right] = [expected.split(" "), actual.split(" ")];
  return left.length === right.length && left.every((text, i) => sameValue(text, right[i] ?? ""));
}

/** Texts are shortest forms, so equal texts are equal bits; sums may be added in another order. */
function sameValue(expected: string, actual: string): boolean {
  if (expected === actual) return true;
  const [a, b] = [Number(expected), Number(actual)];
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}
