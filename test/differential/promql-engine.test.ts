import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createEngine,
  isPresent,
  type QueryResult,
  type StepGrid,
  stepTimeMs,
} from "../../server/promql/index.ts";
import type { QueryCall } from "../../server/storage/index.ts";
import { peerOrSkip } from "../support/debian-peers.ts";
import { freePort, type RunningServer, startServer } from "../support/process.ts";
import { asOpenMetrics, inMemory, sampleTimes } from "./promql/series.ts";

const promtool = peerOrSkip("promtool");
const program = peerOrSkip("prometheus");
const queries = readFileSync(join(import.meta.dirname, "promql/queries.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

/** Evaluations of each query: inside, between samples, and ranges that begin and end outside. */
const { startMs } = sampleTimes;
const evaluations: readonly { startMs: number; endMs: number; stepMs: number }[] = [
  { startMs: startMs + 3_600_000, endMs: startMs + 3_600_000, stepMs: 0 },
  { startMs: startMs + 6_007_777, endMs: startMs + 6_007_777, stepMs: 0 },
  { startMs: startMs - 60_000, endMs: startMs + 7_600_000, stepMs: 60_000 },
  { startMs: startMs + 1_001_234, endMs: startMs + 3_000_000, stepMs: 7013 },
];

/** An answer in a form that compares: values as Prometheus prints them, by labels. */
interface Answer {
  readonly type: string;
  readonly series: Readonly<Record<string, readonly (readonly [number, string])[]>>;
  /** Keys of the series in the order of the answer, where that order means something. */
  readonly order: readonly string[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

describe.skipIf(program === undefined || promtool === undefined)("beside Prometheus", () => {
  const directory = mkdtempSync(join(tmpdir(), "urd-promql-"));
  const engine = createEngine({ parse: { experimentalFunctions: true } });
  const store = inMemory();
  let prometheus: RunningServer;

  beforeAll(async () => {
    const [metrics, data] = [join(directory, "metrics"), join(directory, "data")];
    writeFileSync(metrics, asOpenMetrics());
    writeFileSync(join(directory, "prometheus.yml"), "");
    execFileSync(promtool ?? "", ["tsdb", "create-blocks-from", "openmetrics", metrics, data]);
    const url = `http://127.0.0.1:${await freePort()}`;
    prometheus = await startServer({
      command: program ?? "",
      args: [
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${data}`,
        "--storage.tsdb.retention.time=100y",
        `--web.listen-address=${url.slice("http://".length)}`,
        "--enable-feature=promql-experimental-functions",
      ],
      url,
      readyPath: "/-/ready",
      logFile: join(directory, "log"),
    });
  });

  afterAll(async () => {
    await prometheus.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(queries)("%s", async (query) => {
    for (const evaluation of evaluations) {
      const expected = await askPrometheus(prometheus.url, query, evaluation);
      const call: QueryCall = { signal: new AbortController().signal, account: { addRead() {} } };
      const { startMs: timeMs, stepMs } = evaluation;
      let answer: Answer | string;
      try {
        answer = await collect(
          stepMs === 0
            ? engine.instant({ query, timeMs }, store, call)
            : engine.range({ query, ...evaluation }, store, call),
          /sort|topk|bottomk/.test(query) || stepMs > 0,
        );
      } catch (error) {
        answer = error instanceof Error ? error.message : String(error);
      }
      expect(answer).toEqual(expected);
    }
  });
});

async function collect(result: QueryResult, ordered: boolean): Promise<Answer> {
  const series: Record<string, (readonly [number, string])[]> = {};
  for await (const batch of result.batches()) {
    if (batch.kind === "samples") {
      for (const { labels, timesMs, values, from, to } of batch.series) {
        const times = [...timesMs.subarray(from, to)];
        series[keyOf(labels)] = times.map((ms, i) => [ms, print(values[from + i] as number)]);
      }
      continue;
    }
    for (const { labels, values, present } of batch.series) {
      series[keyOf(labels)] = steps(result.grid)
        .filter((step) => isPresent(present, step))
        .map((step) => [stepTimeMs(result.grid, step), print(values[step] as number)]);
    }
  }
  const { warnings, infos } = result.annotations();
  const order = ordered ? Object.keys(series) : [];
  return {
    ...{ type: result.type, series, order },
    ...{ warnings: [...warnings].sort(), infos: [...infos].sort() },
  };
}

function steps(grid: StepGrid): readonly number[] {
  return Array.from({ length: grid.count }, (_, step) => step);
}

function keyOf(labels: readonly string[]): string {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) {
    pairs.push([labels[i] as string, labels[i + 1] as string]);
  }
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Two doubles print alike exactly when they are the same; NaN has one text. */
function print(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function printTheirs(text: string): string {
  return print(Number(text.replace("Inf", "Infinity")));
}

type Point = readonly [number, string];

async function askPrometheus(
  url: string,
  query: string,
  { startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number },
): Promise<Answer | string> {
  const seconds = (ms: number): string => String(ms / 1000);
  const parameters =
    stepMs === 0
      ? { query, time: seconds(startMs) }
      : { query, start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
  const path = stepMs === 0 ? "query" : "query_range";
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: "POST",
    body: new URLSearchParams(parameters),
  });
  const body = (await response.json()) as Record<string, unknown>;
  if (body["status"] !== "success") {
    return String(body["error"]).replace(/^invalid parameter "query": /, "");
  }
  const { resultType: type, result } = body["data"] as { resultType: string; result: unknown };
  const series: Record<string, Point[]> = {};
  const point = ([time, value]: Point): Point => [Math.round(time * 1000), printTheirs(value)];
  if (type === "scalar") series[keyOf([])] = [point(result as Point)];
  else {
    for (const one of result as { metric: object; values?: Point[]; value?: Point }[]) {
      const values = one.values ?? [one.value as Point];
      series[keyOf(Object.entries(one.metric).flat() as string[])] = values.map(point);
    }
  }
  const ordered = stepMs > 0 || /sort|topk|bottomk/.test(query);
  return {
    ...{ type, series, order: ordered ? Object.keys(series) : [] },
    warnings: [...((body["warnings"] as string[] | undefined) ?? [])].sort(),
    infos: [...((body["infos"] as string[] | undefined) ?? [])].sort(),
  };
}
