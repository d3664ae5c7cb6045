/**
 * Fairness: heavy queries, many at a time, beside writes at a share of what ingest can take, sent
 * by the clock and not by the answers. No write may fail, and a small query asked all the while
 * must not wait much longer than without the heavy ones.
 */
import { setTimeout as delay } from "node:timers/promises";
import { startPeer, type StartedPeer } from "../support/bench-peers.ts";
import { Payload } from "../support/load/payload.ts";
import { closeConnections, sendScrape } from "../support/load/sender.ts";
import type { BenchOptions } from "./index.ts";
import { loadHistory } from "./query/load.ts";
import { percentile } from "./report.ts";

const batchSeries = 500;
/** Of the measured maximum. */
const ingestShare = 0.3;
const heavyAtOnce = 64;

/** Runs the benchmark; prints what it found, or with `--json` one object. */
export async function benchFairness(options: BenchOptions): Promise<void> {
  const series = options.number("series", 20_000);
  const seconds = options.number("seconds", 30);
  const peer = await startPeer("urd");
  try {
    const endMs = await loadHistory([peer], { series, hours: 1 });
    const payloads = makePayloads(series);
    const clock = { nextMs: endMs + 15_000 };
    const maximum = await measureMaximum(peer, payloads, clock);
    const writing = { peer, payloads, clock, samplesPerSecond: maximum * ingestShare };
    const alone = await phase(writing, { endMs, seconds, heavy: 0 });
    const beside = await phase(writing, { endMs, seconds, heavy: heavyAtOnce });
    const figures = {
      samplesPerSecondMaximum: Math.round(maximum),
      ...{ alone, beside, smallP99Ratio: beside.smallP99Ms / alone.smallP99Ms },
    };
    if (options.json) console.log(JSON.stringify(figures));
    else console.log(figures);
  } finally {
    closeConnections();
    await peer.remove();
  }
}

function makePayloads(series: number): readonly Payload[] {
  const payloads: Payload[] = [];
  for (let from = 0; from < series; from += batchSeries) {
    const numbers = Int32Array.from({ length: batchSeries }, (_, i) => from + i);
    payloads.push(new Payload({ version: 1, series: numbers, generation: 0, seed: from + 1 }));
  }
  return payloads;
}

interface SampleClock {
  nextMs: number;
}

/** Samples a second when each request follows the answer to the one before, on two lanes. */
async function measureMaximum(
  peer: StartedPeer,
  payloads: readonly Payload[],
  clock: SampleClock,
): Promise<number> {
  let [samples, seconds] = [0, 0];
  while (seconds < 5) {
    const sending = { url: peer.writeUrl, version: 1, concurrency: 2 } as const;
    const report = await sendScrape(payloads, clock.nextMs, sending);
    clock.nextMs += 1000;
    samples += report.samples;
    seconds += report.wallSeconds;
  }
  return samples / seconds;
}

interface Writing {
  readonly peer: StartedPeer;
  readonly payloads: readonly Payload[];
  readonly clock: SampleClock;
  readonly samplesPerSecond: number;
}

interface PhaseFigures {
  readonly writes: number;
  readonly writesFailed: number;
  readonly heavyAnswered: number;
  /** Heavy queries that failed or answered otherwise than alone. */
  readonly heavyWrong: number;
  readonly smallAnswered: number;
  readonly smallP99Ms: number;
}

async function phase(
  writing: Writing,
  asked: { readonly endMs: number; readonly seconds: number; readonly heavy: number },
): Promise<PhaseFigures> {
  const { peer } = writing;
  const stop = new AbortController();
  const heavy = { answered: 0, wrong: 0 };
  const expected = new Map<string, string>();
  if (asked.heavy > 0) {
    for (const query of heavyQueries) expected.set(query, await ask(peer, query, asked.endMs));
  }
  const lanes = Array.from({ length: asked.heavy }, async (_, lane) => {
    for (let i = lane; !stop.signal.aborted; i++) {
      const query = heavyQueries[i % heavyQueries.length] as string;
      const answer = await ask(peer, query, asked.endMs).catch(String);
      heavy.answered++;
      if (answer !== expected.get(query)) heavy.wrong++;
    }
  });
  const written = writeOpenLoop(writing, stop.signal);
  const latencies: number[] = [];
  const untilMs = performance.now() + asked.seconds * 1000;
  while (performance.now() < untilMs) {
    const at = performance.now();
    await ask(peer, 'up{service="checkout-service-0"}', asked.endMs);
    latencies.push(performance.now() - at);
    await delay(50);
  }
  stop.abort();
  const writes = await written;
  await Promise.all(lanes);
  return {
    ...{ writes: writes.sent, writesFailed: writes.failed },
    ...{ heavyAnswered: heavy.answered, heavyWrong: heavy.wrong },
    smallAnswered: latencies.length,
    smallP99Ms: percentile(Float64Array.from(latencies).sort(), 0.99),
  };
}

/** Each over every series of a metric and an hour: tens to hundreds of milliseconds alone. */
const heavyQueries: readonly string[] = [
  "sum by (namespace) (rate(http_requests_total[5m]))",
  "histogram_quantile(0.9, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))",
  "topk(5, sum by (pod) (rate(container_cpu_usage_seconds_total[5m])))",
];

/** Sends by the clock: a slow answer does not put off the next request. */
async function writeOpenLoop(
  { peer, payloads, clock, samplesPerSecond }: Writing,
  signal: AbortSignal,
): Promise<{ sent: number; failed: number }> {
  const everyMs = (batchSeries / samplesPerSecond) * 1000;
  const beganMs = performance.now();
  const pending: Promise<void>[] = [];
  const counts = { sent: 0, failed: 0 };
  while (!signal.aborted) {
    const payload = payloads[counts.sent % payloads.length] as Payload;
    if (counts.sent % payloads.length === 0) clock.nextMs += 1000;
    counts.sent++;
    payload.advance(clock.nextMs);
    pending.push(
      post(peer.writeUrl, Buffer.from(payload.body)).then((isOk) => {
        if (!isOk) counts.failed++;
      }),
    );
    const waitMs = beganMs + counts.sent * everyMs - performance.now();
    await delay(Math.max(0, waitMs));
  }
  await Promise.all(pending);
  return counts;
}

async function post(url: string, body: Buffer): Promise<boolean> {
  const headers = { "content-encoding": "snappy", "content-type": "application/x-protobuf" };
  try {
    const response = await fetch(url, { method: "POST", body, headers });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function ask(peer: StartedPeer, query: string, endMs: number): Promise<string> {
  const end = endMs / 1000;
  const times = { start: String(end - 3600), end: String(end), step: "30" };
  const response = await fetch(`${peer.queryUrl}/api/v1/query_range`, {
    method: "POST",
    body: new URLSearchParams({ query, ...times }),
  });
  return response.text();
}
