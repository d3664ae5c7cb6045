import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress } from "snappyjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ResultFormat } from "../../gen/urd/query/v1/query_pb.ts";
import { compareLabels, labelsFrom } from "../../server/model/index.ts";
import { chunkOf, type FakeShard } from "../support/fake-shard.ts";
import { peerOrSkip } from "../support/debian-peers.ts";
import { freePort, type RunningServer, startServer } from "../support/process.ts";
import { asTenant, queryServiceOver, readJson } from "../support/query-service.ts";
import { type TestSeries, writeRequest1 } from "../support/write-requests.ts";

const program = peerOrSkip("prometheus");
/** Recent enough for Prometheus to take the samples; on a step of 15 s. */
const endMs = Math.floor(Date.now() / 15_000) * 15_000 - 60_000;

const oddValues: readonly number[] = [
  ...[0, -0, 1, -1, 1.5, 0.1, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 1.2345e21, 1e22, 5e-324],
  ...[1.7976931348623157e308, Number.NaN, Infinity, -Infinity, 1e100, 2 ** 53, 2 ** 53 + 2],
  ...[0.000001234, 1234567.891, -1e-9, 1e-10, -1.5e21, 4.35, 1 / 3, 1e15, 1e16, -2e-7, 1.2e-7],
];
const oddTexts: readonly string[] = [
  ...["plain", 'q"uote', "back\\slash", "nl\n", "tab\t", "cr\r", "<html>&amp;", "\u2028\u2029"],
  ...["\u0000\u0001\u001f\u007f", "\u00fcn\u00efc\u00f6d\u00e9", "\u{1f600}", "/slash", "\b\f"],
  ...["\u0080\u009f", "\ufeffbom", "\ufffd"],
];

const series: readonly TestSeries[] = [
  ...oddValues.map((value, i) => ({
    metric: "odd_value",
    labels: { i: String(i).padStart(2, "0") },
    samples: [[endMs, value]] as const,
  })),
  ...oddTexts.map((text, i) => ({
    metric: "odd_text",
    labels: { i: String(i).padStart(2, "0"), text },
    samples: [[endMs, i]] as const,
  })),
  { metric: "utf.8 n\u00e4me", labels: { "a.b": "x", 'a"b': "y" }, samples: [[endMs, 1]] },
  {
    metric: "odd_times",
    samples: [0, 1, 10, 100, 101, 110, 999, 1000, 1500].map((ms) => [endMs + ms, ms] as const),
  },
  ...["a", "b"].map((job, j) => ({
    metric: "requests_total",
    labels: { job },
    samples: Array.from({ length: 41 }, (_, i): [number, number] => [
      endMs - 600_000 + i * 15_000,
      (i * (j + 1) * 7) % 101,
    ]),
  })),
];

const queries: readonly string[] = [
  "odd_value",
  "odd_value[10m]",
  "odd_text",
  '{"utf.8 n\u00e4me"}',
  "odd_times",
  "odd_times[1h]",
  "-odd_value",
  "odd_value * 1e3",
  "sum by (i) (odd_value)",
  "requests_total",
  "rate(requests_total[5m])",
  "increase(requests_total[2m]) / 3",
  "sum(rate(requests_total[1m]))",
  "avg_over_time(requests_total[3m])",
  "requests_total > 50",
  "1",
  "1e21",
  "time()",
  "vector(-0)",
  "nothing_here",
  'label_replace(vector(1), "x", "<\\u2028\\"&>", "", "")',
  '"a <string> & \\u2028 \\"more\\" \\b\\f\\n"',
];

describe.skipIf(program === undefined)("answers are Prometheus's, byte for byte", () => {
  const directory = mkdtempSync(join(tmpdir(), "urd-query-answers-"));
  const service = queryServiceOver([shardOf(series)]);
  let prometheus: RunningServer;

  beforeAll(async () => {
    writeFileSync(join(directory, "prometheus.yml"), "");
    const url = `http://127.0.0.1:${await freePort()}`;
    prometheus = await startServer({
      command: program ?? "",
      args: [
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        `--web.listen-address=${url.slice("http://".length)}`,
        "--web.enable-remote-write-receiver",
      ],
      url,
      readyPath: "/-/ready",
      logFile: join(directory, "log"),
    });
    const response = await fetch(`${url}/api/v1/write`, {
      method: "POST",
      body: compress(writeRequest1(series)),
      headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
    });
    expect(response.status).toBe(204);
  });
  afterAll(async () => {
    await prometheus.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = async (path: string, parameters: Record<string, string>): Promise<string> => {
    const query = new URLSearchParams(parameters).toString();
    return (await fetch(`${prometheus.url}/api/v1/${path}?${query}`)).text();
  };

  test.each(queries)("instant: %s", async (query) => {
    for (const timeMs of [endMs, endMs + 1500, endMs + 60_001]) {
      const expected = await ask("query", { query, time: (timeMs / 1000).toFixed(3) });
      const options = { format: ResultFormat.PROMETHEUS_JSON };
      const answer = service.queryInstant({ query, timeMs: BigInt(timeMs), options }, asTenant);
      expect(await readJson(answer)).toBe(expected);
    }
  });

  test.each(queries.filter((query) => !/^"|\]$/.test(query)))("range: %s", async (query) => {
    for (const stepMs of [15_000, 7_500, 333]) {
      const startMs = endMs - 120_000;
      const expected = await ask("query_range", {
        query,
        start: (startMs / 1000).toFixed(3),
        end: ((endMs + 1500) / 1000).toFixed(3),
        step: (stepMs / 1000).toFixed(3),
      });
      const options = { format: ResultFormat.PROMETHEUS_JSON };
      const times = { startMs: BigInt(startMs), endMs: BigInt(endMs + 1500) };
      const request = { query, ...times, stepMs: BigInt(stepMs), options };
      const answer = service.queryRange(request, asTenant);
      expect(await readJson(answer)).toBe(expected);
    }
  });
});

function shardOf(content: readonly TestSeries[]): FakeShard {
  const all = content.map((one) => ({
    labels: labelsFrom([["__name__", one.metric ?? "m"], ...Object.entries(one.labels ?? {})]),
    chunks: [chunkOf(one.samples ?? [])],
  }));
  return { series: all.sort((a, b) => compareLabels(a.labels, b.labels)) };
}
