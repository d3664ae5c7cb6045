import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress } from "snappyjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededPrng } from "../../server/platform/base/index.ts";
import { peerOrSkip } from "../support/debian-peers.ts";
import { freePort, type RunningServer, startServer } from "../support/process.ts";
import { askServer, type Evaluation } from "./random/answers.ts";
import { difference } from "./random/compare.ts";
import { asWriteRequests, dataShape, randomSeries } from "./random/data.ts";
import { type Compared, isExplained } from "./random/explain.ts";
import { createQueryGenerator } from "./random/generator.ts";
import { reduceQuery } from "./random/reduce.ts";

/**
 * Random queries over random series, asked of a real Prometheus and of a real Urd over HTTP. A
 * difference counts when Prometheus says the same three times; it is reduced to its smallest
 * form. Lines of random/kept.txt, smallest forms, are asked in every run.
 */
const program = peerOrSkip("prometheus");
const seed = Number(process.env["URD_DIFFERENTIAL_SEED"] ?? 1);
const queryCount = Number(process.env["URD_DIFFERENTIAL_QUERIES"] ?? 500);
/** Differences that are reduced and shown; more would be the same ones again. */
const differencesMax = Number(process.env["URD_DIFFERENTIAL_SHOWN"] ?? 12);

/** A way to run both: with defaults, and with every flag that Prometheus 3.5 knows. */
interface Mode {
  readonly name: string;
  readonly prometheusArgs: readonly string[];
  readonly urdArgs: readonly string[];
  readonly experimental: ReadonlySet<string>;
}

const modes: readonly Mode[] = [
  { name: "defaults", prometheusArgs: [], urdArgs: [], experimental: new Set() },
  {
    name: "every flag of Prometheus 3.5",
    prometheusArgs: [
      "--enable-feature=promql-experimental-functions,promql-delayed-name-removal," +
        "promql-duration-expr,promql-per-step-stats",
    ],
    urdArgs: [
      "--querier.promql-experimental-functions=true",
      "--querier.promql-delayed-name-removal=true",
      "--querier.promql-duration-expressions=true",
    ],
    experimental: new Set([
      ...["mad_over_time", "ts_of_max_over_time", "ts_of_min_over_time", "ts_of_last_over_time"],
      ...["double_exponential_smoothing", "limitk", "sort_by_label"],
    ]),
  },
];

describe.skipIf(program === undefined).each(modes)("random queries, $name", (mode) => {
  const directory = mkdtempSync(join(tmpdir(), "urd-random-queries-"));
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  const startMs = endMs - dataShape.lengthMs;
  let prometheus: RunningServer;
  let urd: RunningServer;

  beforeAll(async () => {
    [prometheus, urd] = await Promise.all([
      startPrometheus(directory, mode.prometheusArgs),
      startUrd(directory, mode.urdArgs),
    ]);
    const series = randomSeries(seed, startMs);
    for (const request of asWriteRequests(series, { startMs, sliceMs: 300_000 })) {
      const body = compress(Buffer.from(request));
      await write(`${prometheus.url}/api/v1/write`, body);
      await write(`${urd.url}/api/v1/push`, body);
    }
  });

  afterAll(async () => {
    await Promise.all([prometheus.kill("SIGKILL"), urd.kill("SIGKILL")]);
    rmSync(directory, { recursive: true, force: true });
  });

  const ask = async (query: string, at: Evaluation): Promise<Compared> => {
    const ours = await askServer(urd.url, query, at);
    const isOrdered = at.stepMs > 0 || /^(sort|topk|bottomk)/.test(query);
    for (let asked = 1; ; asked++) {
      const theirs = await askServer(prometheus.url, query, at);
      const text = difference(ours, theirs, isOrdered);
      if (text === undefined || asked === 3) return { ours, theirs, text };
    }
  };

  const compare = async (query: string, at: Evaluation): Promise<string | undefined> => {
    const compared = await ask(query, at);
    if (compared.text === undefined) return undefined;
    const isKnown = await isExplained(query, compared, (part) => ask(part, at));
    return isKnown ? undefined : compared.text;
  };

  test("what once differed is the same", async () => {
    const lines = readFileSync(join(import.meta.dirname, "random/kept.txt"), "utf8").split("\n");
    for (const line of lines.filter((text) => text !== "" && !text.startsWith("#"))) {
      const query = fillTimes(line, startMs, endMs);
      for (const at of evaluationsOf(1, startMs)) {
        expect(await compare(query, at), `${query} at ${JSON.stringify(at)}`).toBe(undefined);
      }
    }
  }, 600_000);

  test(`${queryCount} queries of seed ${seed}`, async () => {
    const generator = createQueryGenerator(seed, mode);
    const found: string[] = [];
    for (let i = 0; i < queryCount && found.length < differencesMax; i++) {
      const query = fillTimes(generator.next(), startMs, endMs);
      for (const at of evaluationsOf(seed * 100_003 + i, startMs)) {
        const text = await compare(query, at);
        if (text === undefined) continue;
        const differs = async (smaller: string): Promise<boolean> =>
          (await compare(smaller, at)) !== undefined;
        const smallest = await reduceQuery(query, differs);
        const offset = `[${at.startMs - startMs}, ${at.endMs - startMs}] step ${at.stepMs}`;
        found.push(`query ${i} ${offset}: ${smallest}\n  ${await compare(smallest, at)}`);
        break;
      }
    }
    expect(found.join("\n"), "differences").toBe("");
  }, 3_600_000);
});

/** One evaluation at a time and one over a range; both may reach outside the data. */
function evaluationsOf(from: number, startMs: number): readonly Evaluation[] {
  const prng = seededPrng(from * 2_246_822_519 + 7);
  for (let i = 0; i < 4; i++) prng.next();
  const { lengthMs, stepMs } = dataShape;
  const onGrid = prng.next() < 0.5;
  const at = prng.below(lengthMs + 600_000) - 60_000;
  const timeMs = startMs + (onGrid ? Math.floor(at / stepMs) * stepMs : at);
  const rangeStartMs = startMs + prng.below(lengthMs) - 300_000;
  const rangeStepMs = [15_000, 60_000, 7_013, 1_000, 600_000][prng.below(5)] as number;
  const rangeEndMs = rangeStartMs + rangeStepMs * prng.below(60);
  return [
    { startMs: timeMs, endMs: timeMs, stepMs: 0 },
    { startMs: rangeStartMs, endMs: rangeEndMs, stepMs: rangeStepMs },
  ];
}

function fillTimes(query: string, startMs: number, endMs: number): string {
  const seconds = (share: number): string =>
    ((startMs + Math.floor((endMs - startMs) * share)) / 1000).toFixed(3);
  return query.replaceAll("TIME1", seconds(0.4)).replaceAll("TIME2", seconds(0.9));
}

async function startPrometheus(directory: string, args: readonly string[]): Promise<RunningServer> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(directory, "prometheus.yml");
  writeFileSync(config, "storage:\n  tsdb:\n    out_of_order_time_window: 1h\n");
  return startServer({
    command: program ?? "",
    args: [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(directory, "prometheus")}`],
      ...[`--web.listen-address=${url.slice("http://".length)}`, "--log.level=error"],
      ...["--web.enable-remote-write-receiver", ...args],
    ],
    url,
    readyPath: "/-/ready",
    logFile: join(directory, "prometheus.log"),
  });
}

async function startUrd(directory: string, args: readonly string[]): Promise<RunningServer> {
  const port = await freePort();
  return startServer({
    command: process.execPath,
    args: [
      join(import.meta.dirname, "../../dist/urd.mjs"),
      ...[`--server.http-listen-port=${port}`, `--data-dir=${join(directory, "urd")}`],
      ...["--self-monitoring.enabled=false", "--ingester.shards=1", ...args],
    ],
    url: `http://127.0.0.1:${port}`,
    readyPath: "/ready",
    logFile: join(directory, "urd.log"),
  });
}

async function write(url: string, body: Uint8Array): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: Buffer.from(body),
    headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}
