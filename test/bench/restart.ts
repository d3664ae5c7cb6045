/**
 * Restart after kill -9 beside Prometheus: seconds from start to the first correct answer, and
 * the resident peak while replaying, with the kill before, during and after a snapshot.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BenchPeer, type StartedPeer, startPeer } from "../support/bench-peers.ts";
import { Payload } from "../support/load/payload.ts";
import { closeConnections, sendScrape } from "../support/load/sender.ts";
import { watchRss } from "../support/process.ts";
import type { BenchOptions } from "./index.ts";
import { medians, printTable } from "./report.ts";

const stepMs = 15_000;

/** When the kill comes, by the flags that bring it about. */
const moments: Readonly<Record<string, readonly string[]>> = {
  "before the first snapshot": ["--ingester.snapshot-tail-size=1TiB"],
  "during a snapshot": ["--ingester.snapshot-tail-size=64MiB"],
  "after a snapshot": ["--ingester.snapshot-tail-size=64MiB"],
};

/** Runs the benchmark; prints a table, or with `--json` one object. */
export async function benchRestart(options: BenchOptions): Promise<void> {
  const series = options.number("series", 1_000_000);
  const scrapes = options.number("scrapes", 20);
  const payloads = makePayloads(series);
  const rounds = new Map<string, Record<string, number>[]>();
  const peers = options.peers(["urd", "prometheus"]);
  for (const [moment, flags] of Object.entries(moments)) {
    for (const peer of peers) {
      const args = peer === "urd" ? flags : [];
      const figures = await measure({
        peer,
        args,
        payloads,
        scrapes,
        settle: moment.startsWith("after"),
      });
      rounds.set(peer, [...(rounds.get(peer) ?? []), figures]);
      console.error(`${moment}: ${peer} ${JSON.stringify(figures)}`);
    }
  }
  const result = medians(rounds);
  if (options.json) console.log(JSON.stringify({ ...result, rounds: Object.fromEntries(rounds) }));
  else printTable(result);
}

function makePayloads(series: number): Payload[] {
  const payloads: Payload[] = [];
  for (let from = 0; from < series; from += 2000) {
    const numbers = Int32Array.from({ length: Math.min(2000, series - from) }, (_, i) => from + i);
    payloads.push(new Payload({ version: 1, series: numbers, generation: 0, seed: from + 1 }));
  }
  return payloads;
}

interface RestartRun {
  readonly peer: BenchPeer;
  readonly args: readonly string[];
  readonly payloads: readonly Payload[];
  readonly scrapes: number;
  /** Wait for background work before the kill. */
  readonly settle: boolean;
}

async function measure(run: RestartRun): Promise<Record<string, number>> {
  const first = await startPeer(run.peer, run.args);
  const firstMs = Math.floor(Date.now() / stepMs) * stepMs - run.scrapes * stepMs;
  let samples = 0;
  for (let scrape = 0; scrape < run.scrapes; scrape++) {
    const options = { url: first.writeUrl, version: 1, concurrency: 2, retries: 5 } as const;
    samples += (await sendScrape(run.payloads, firstMs + scrape * stepMs, options)).samples;
  }
  if (run.settle) await delay(15_000);
  if (run.peer === "urd") await printDelays(first);
  const before = first.server.usage();
  closeConnections();
  await first.server.kill("SIGKILL");
  const began = performance.now();
  const starting = first.restart(run.args);
  const second = await starting;
  const peakRss = watchRss(second.server.pid, 50);
  const readySeconds = (performance.now() - began) / 1000;
  const found = await firstCorrectCount(second, { atMs: firstMs + run.scrapes * stepMs, samples });
  const answerSeconds = (performance.now() - began) / 1000;
  const figures = {
    readySeconds,
    answerSeconds,
    cpuSeconds: second.server.usage().cpuSeconds,
    rssPeakRatio: peakRss() / before.rssBytes,
    samplesMissing: samples - found,
  };
  await second.remove();
  return figures;
}

/** What writers may have waited for: pauses of shards for a snapshot, and of the event loops. */
const delayMetrics = /^(urd_shard_snapshot_pause_seconds|urd_thread_event_loop_delay_seconds)/;

/** Prints the histogram of a process's delays since its start. */
async function printDelays(peer: StartedPeer): Promise<void> {
  const text = await (await fetch(`${peer.server.url}/metrics`)).text();
  for (const line of text.split("\n")) if (delayMetrics.test(line)) console.error(line);
}

/** Twelve of a pod's hundred series have this metric name. */
const countedShare = 0.12;

/** Asks for the number of samples of one metric until it is right or two minutes are over. */
async function firstCorrectCount(
  peer: StartedPeer,
  expected: { atMs: number; samples: number },
): Promise<number> {
  const wanted = Math.round(expected.samples * countedShare);
  const query = new URLSearchParams({
    query: "sum(count_over_time(http_requests_total[1d]))",
    time: String(expected.atMs / 1000),
  });
  let found = 0;
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; ) {
    const response = await fetch(`${peer.queryUrl}/api/v1/query?${query.toString()}`);
    const body = (await response.json()) as { data?: { result?: { value: [number, string] }[] } };
    found = Number(body.data?.result?.[0]?.value[1] ?? 0);
    if (found === wanted) return expected.samples;
    await delay(20);
  }
  return found / countedShare;
}
