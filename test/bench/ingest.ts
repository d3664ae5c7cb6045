/**
 * Ingest beside Prometheus and VictoriaMetrics: the same bytes into each, one after the other,
 * in interleaved rounds. CPU is user and system time of the process tree, from the first
 * request until two seconds after the last, so that work put off is counted.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BenchPeer, missingPeer, startPeer } from "../support/bench-peers.ts";
import { Payload, type RemoteWriteVersion } from "../support/load/payload.ts";
import { closeConnections, sendScrape } from "../support/load/sender.ts";
import { watchRss } from "../support/process.ts";
import type { BenchOptions } from "./index.ts";
import { medians, percentile, printTable } from "./report.ts";

const batchSeries = 2000;
const stepMs = 15_000;

/** The shape of one load. */
interface Shape {
  readonly series: number;
  readonly version: RemoteWriteVersion;
  readonly shuffled: boolean;
  readonly tenants: number;
}

const baseShape: Shape = { series: 500_000, version: 1, shuffled: false, tenants: 1 };

/** Shapes measured beside the main one; only Urd and Prometheus where the peer knows the protocol. */
const variants: Readonly<Record<string, Partial<Shape>>> = {
  "remote write 2.0": { version: 2 },
  "random series order": { shuffled: true },
  "64 tenants": { tenants: 64 },
};

/** Runs the benchmark; prints a table, or with `--json` one object. */
export async function benchIngest(options: BenchOptions): Promise<void> {
  const series = options.number("series", baseShape.series);
  const rounds = options.number("rounds", 3);
  const scrapes = options.number("scrapes", 4);
  const peers = options.peers(["urd", "prometheus", "victoriametrics"]);
  const main = await measure({ shape: { ...baseShape, series }, peers, rounds, scrapes });
  const beside: Record<string, unknown> = {};
  if (options.flag("variants")) {
    for (const [name, change] of Object.entries(variants)) {
      const shape = { ...baseShape, series, ...change };
      const able = peers.filter((peer) => peer !== "victoriametrics" || shape.version === 1);
      beside[name] = await measure({ shape, peers: able, rounds: 1, scrapes });
    }
  }
  if (options.json) console.log(JSON.stringify({ ...main, beside }));
  else {
    printTable(main);
    for (const [name, result] of Object.entries(beside)) {
      console.log(`\n${name}`);
      printTable(result as Record<string, Record<string, number>>);
    }
  }
}

interface Measurement {
  readonly shape: Shape;
  readonly peers: readonly BenchPeer[];
  readonly rounds: number;
  readonly scrapes: number;
}

async function measure(what: Measurement): Promise<Record<string, Record<string, number>>> {
  const payloads = makePayloads(what.shape);
  const results = new Map<string, Record<string, number>[]>(what.peers.map((peer) => [peer, []]));
  for (let round = 0; round < what.rounds; round++) {
    const order = round % 2 === 0 ? what.peers : [...what.peers].reverse();
    for (const peer of order) {
      if (missingPeer(peer) !== undefined) continue;
      const figures = await measureOnce(peer, payloads, what);
      results.get(peer)?.push(figures);
      console.error(`round ${round + 1} ${peer} ${JSON.stringify(figures)}`);
    }
  }
  return medians(results);
}

function makePayloads(shape: Shape): Payload[] {
  const order = Int32Array.from({ length: shape.series }, (_, index) => index);
  if (shape.shuffled) shuffle(order);
  const payloads: Payload[] = [];
  for (let from = 0; from < shape.series; from += batchSeries) {
    payloads.push(
      new Payload({
        version: shape.version,
        series: order.slice(from, from + batchSeries),
        generation: 0,
        seed: from + 1,
      }),
    );
  }
  return payloads;
}

/** Fisher and Yates with a fixed seed, so that every run sends the same order. */
function shuffle(order: Int32Array): void {
  let state = 0x2545f491;
  for (let i = order.length - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
}

async function measureOnce(
  name: BenchPeer,
  payloads: readonly Payload[],
  what: Measurement,
): Promise<Record<string, number>> {
  const multitenant =
    name === "urd" && what.shape.tenants > 1 ? ["--auth.multitenancy-enabled=true"] : [];
  const peer = await startPeer(name, multitenant);
  const peakRss = watchRss(peer.server.pid);
  const firstMs = Math.floor(Date.now() / stepMs) * stepMs - (what.scrapes + 1) * stepMs;
  const send = (timeMs: number): ReturnType<typeof sendScrape> =>
    sendScrape(payloads, timeMs, {
      url: peer.writeUrl,
      version: what.shape.version,
      concurrency: 2,
      retries: 3,
      tenantOf: (index) => `tenant-${index % what.shape.tenants}`,
    });
  const idle = peer.server.usage();
  const first = await send(firstMs);
  await delay(2000);
  const afterFirst = peer.server.usage();
  let samples = 0;
  let wallSeconds = 0;
  const p99: number[] = [];
  for (let scrape = 1; scrape <= what.scrapes; scrape++) {
    const report = await send(firstMs + scrape * stepMs);
    samples += report.samples;
    wallSeconds += report.wallSeconds;
    p99.push(percentile(report.latenciesMs, 0.99));
  }
  await delay(2000);
  const afterKnown = peer.server.usage();
  const peak = peakRss();
  closeConnections();
  await peer.remove();
  return {
    cpuSecondsPerMillionKnown: ((afterKnown.cpuSeconds - afterFirst.cpuSeconds) / samples) * 1e6,
    cpuSecondsPerMillionFirst: ((afterFirst.cpuSeconds - idle.cpuSeconds) / first.samples) * 1e6,
    rssBytesPerSeries: peak / what.shape.series,
    samplesPerSecond: samples / wallSeconds,
    requestP99Ms: Math.max(...p99),
    refusedSamples: what.shape.series * (what.scrapes + 1) - samples - first.samples,
  };
}
