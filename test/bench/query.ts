/**
 * Queries beside Prometheus and VictoriaMetrics: the same hours of data in each, then the queries
 * of dashboards, round by round, each peer in its turn. CPU is that of the process tree.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type BenchPeer, type StartedPeer, startPeer } from "../support/bench-peers.ts";
import { watchRss } from "../support/process.ts";
import { difference, readAnswer } from "./query/answers.ts";
import { type BenchQuery, dashboardQueries } from "./query/dashboard.ts";
import { loadHistory } from "./query/load.ts";
import { type Asked, ask, type Timing, timeQuery } from "./query/timing.ts";
import type { BenchOptions } from "./index.ts";
import { digits, median } from "./report.ts";

/** Medians over the rounds. */
interface Figures {
  readonly cpuSeconds: number;
  readonly wallMs: number;
}

type ByPeer<T> = Partial<Record<BenchPeer, T>>;

/** Runs the benchmark; prints a table, or with `--json` one object. */
export async function benchQuery(options: BenchOptions): Promise<void> {
  const shape = {
    series: options.number("series", 20_000),
    hours: options.number("hours", 6),
  };
  const rounds = options.number("rounds", 3);
  const only = options.text("only", "");
  const names = options.peers(["prometheus", "urd", "victoriametrics"]);
  let peers: readonly StartedPeer[] = await Promise.all(names.map((name) => startPeer(name)));
  try {
    const endMs = await loadHistory(peers, shape);
    await settle(peers);
    if (!options.flag("warm")) peers = await restartAll(peers);
    const asked = dashboardQueries(shape.hours)
      .filter(({ name }) => name.includes(only))
      .map((query) => ({ query, endMs }));
    const differences = await compare(peers, asked);
    const idle = peers.map((peer) => peer.server.usage().rssBytes);
    const peaks = peers.map((peer) => watchRss(peer.server.pid));
    const queries = new Map<string, ByPeer<Figures>>();
    for (const one of asked) {
      queries.set(one.query.name, await measure({ peers, asked: one, rounds }));
      logRow(one.query.name, queries.get(one.query.name) ?? {}, options.json);
    }
    const rss = peers.map((peer, i): [BenchPeer, number] => [
      peer.name,
      (peaks[i]?.() ?? 0) - (idle[i] ?? 0),
    ]);
    report({ queries, asked, rss: Object.fromEntries(rss), differences, json: options.json });
  } finally {
    await Promise.all(peers.map((peer) => peer.remove()));
  }
}

/** Waits until no peer does anything of its own any more, at most two minutes. */
async function settle(peers: readonly StartedPeer[]): Promise<void> {
  const used = (): number => peers.reduce((sum, { server }) => sum + server.usage().cpuSeconds, 0);
  let quietSeconds = 0;
  for (let second = 0; second < 120 && quietSeconds < 4; second++) {
    const before = used();
    await delay(1000);
    quietSeconds = used() - before < 0.06 * peers.length ? quietSeconds + 1 : 0;
  }
}

/** Memory that loading left behind is no idle memory of a reader. */
async function restartAll(peers: readonly StartedPeer[]): Promise<readonly StartedPeer[]> {
  const again: StartedPeer[] = [];
  for (const peer of peers) {
    await peer.server.kill("SIGTERM");
    again.push(await peer.restart());
  }
  await settle(again);
  return again;
}

/** How far sums may differ: additions in another order. */
const tolerance = 1e-9;

/** Asks everybody everything once; tells where answers differ from Prometheus's. */
async function compare(
  peers: readonly StartedPeer[],
  asked: readonly Asked[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const prometheus = peers.find((peer) => peer.name === "prometheus");
  for (const one of asked) {
    const expected = prometheus && readAnswer(await ask(prometheus, one));
    for (const peer of peers) {
      if (peer === prometheus) continue;
      const answer = readAnswer(await ask(peer, one));
      const differs = expected && difference(answer, expected, tolerance);
      if (differs !== undefined) found[`${peer.name}: ${one.query.name}`] = differs;
    }
  }
  return found;
}

async function measure(what: {
  readonly peers: readonly StartedPeer[];
  readonly asked: Asked;
  readonly rounds: number;
}): Promise<ByPeer<Figures>> {
  const all = new Map<BenchPeer, Timing[]>(what.peers.map((peer) => [peer.name, []]));
  for (let round = 0; round < what.rounds; round++) {
    const order = round % 2 === 0 ? what.peers : [...what.peers].reverse();
    for (const peer of order) all.get(peer.name)?.push(await timeQuery(peer, what.asked));
  }
  const figures = [...all].map(([name, timings]): [BenchPeer, Figures] => [
    name,
    {
      cpuSeconds: median(timings.map((timing) => timing.cpuSeconds)),
      wallMs: median(timings.map((timing) => timing.wallMs)),
    },
  ]);
  return Object.fromEntries(figures);
}

function logRow(name: string, row: ByPeer<Figures>, quiet: boolean): void {
  if (quiet) return;
  const theirs = row.prometheus;
  const cells = Object.entries(row).map(([peer, { cpuSeconds, wallMs }]) => {
    const ratio = theirs === undefined ? "" : ` (${digits(cpuSeconds / theirs.cpuSeconds)}x)`;
    return `${peer} ${digits(cpuSeconds * 1000)} ms CPU${ratio} ${digits(wallMs)} ms`;
  });
  console.log(`${name.padEnd(30)} ${cells.join("   ")}`);
}

function report(results: {
  readonly queries: ReadonlyMap<string, ByPeer<Figures>>;
  readonly asked: readonly Asked[];
  readonly rss: ByPeer<number>;
  readonly differences: Readonly<Record<string, string>>;
  readonly json: boolean;
}): void {
  const counted = results.asked.filter(({ query }) => query.apart !== true);
  const mean = geometricMeans(
    counted.map(({ query }) => query),
    results.queries,
  );
  const figures = {
    ...Object.fromEntries(results.queries),
    geomean: mean,
    rssPeakMinusIdleBytes: results.rss,
    differences: results.differences,
  };
  if (results.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  logRow("geometric mean, x Prometheus", mean, false);
  console.log(`peak RSS minus idle, bytes: ${JSON.stringify(results.rss)}`);
  for (const [what, how] of Object.entries(results.differences)) {
    console.log(`DIFFERS ${what}: ${how}`);
  }
}

/** Geometric means of each peer's figures over Prometheus's. */
function geometricMeans(
  queries: readonly BenchQuery[],
  results: ReadonlyMap<string, ByPeer<Figures>>,
): ByPeer<Figures> {
  const logs = new Map<BenchPeer, { cpu: number; wall: number; count: number }>();
  for (const { name } of queries) {
    const row = results.get(name) ?? {};
    const theirs = row.prometheus;
    if (theirs === undefined) continue;
    for (const [peer, figures] of Object.entries(row) as [BenchPeer, Figures][]) {
      const sum = logs.get(peer) ?? { cpu: 0, wall: 0, count: 0 };
      logs.set(peer, {
        cpu: sum.cpu + Math.log(figures.cpuSeconds / theirs.cpuSeconds),
        wall: sum.wall + Math.log(figures.wallMs / theirs.wallMs),
        count: sum.count + 1,
      });
    }
  }
  const means = [...logs].map(([peer, { cpu, wall, count }]): [BenchPeer, Figures] => [
    peer,
    { cpuSeconds: Math.exp(cpu / count), wallMs: Math.exp(wall / count) },
  ]);
  return Object.fromEntries(means);
}
