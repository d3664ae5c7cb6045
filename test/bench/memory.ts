/**
 * Memory of queries: one over many series runs within a small limit, and those that would have
 * to hold too much fail with the limit's id and leave nothing behind.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type StartedPeer, startPeer } from "../support/bench-peers.ts";
import { watchRss } from "../support/process.ts";
import type { BenchOptions } from "./index.ts";
import { loadHistory } from "./query/load.ts";

const limitFlag = "--querier.max-estimated-memory-consumption-per-query";
const limitId = "err-urd-max-estimated-memory-consumption-per-query";

/** Series of the narrow queries; all of them have a pod of their own. */
const podsMax = 20_000;

/** Runs the benchmark; prints what it found, or with `--json` one object. */
export async function benchMemory(options: BenchOptions): Promise<void> {
  const series = options.number("series", 200_000);
  const restSeconds = options.number("rest", 60);
  const first = await startPeer("urd", [`${limitFlag}=64MiB`]);
  let peer: StartedPeer | undefined = first;
  try {
    const labelsOf = (one: number): [string, string][] => [
      ["__name__", one < podsMax ? "narrow" : "wide"],
      ["instance", `10.${one >> 16}.${(one >> 8) & 255}.${one & 255}:9100`],
      ["pod", `pod-${String(one).padStart(7, "0")}`],
    ];
    const endMs = await loadHistory([first], { series, hours: 2, stepMs: 30_000, labelsOf });
    await delay(5000);
    const streamed = await streamedQuery(first, endMs);
    await first.server.kill("SIGTERM");
    peer = await first.restart([`${limitFlag}=16MiB`]);
    const refused = await refusedQueries(peer, endMs, restSeconds);
    const figures = { series, streamed, refused };
    if (options.json) console.log(JSON.stringify(figures));
    else console.log(figures);
  } finally {
    await peer?.remove();
  }
}

async function streamedQuery(peer: StartedPeer, endMs: number): Promise<Record<string, unknown>> {
  const idleBytes = peer.server.usage().rssBytes;
  const peak = watchRss(peer.server.pid, 20);
  const began = performance.now();
  const { status, text } = await ask(peer, 'sum(rate({__name__=~"narrow|wide"}[5m]))', endMs);
  return {
    ...{ status, error: status === 200 ? undefined : text.slice(0, 300) },
    wallMs: Math.round(performance.now() - began),
    rssGrowthBytes: peak() - idleBytes,
  };
}

const tooLarge: readonly string[] = ["sort(narrow)", "narrow[2h]", "sum by (pod) (narrow)"];

async function refusedQueries(
  peer: StartedPeer,
  endMs: number,
  restSeconds: number,
): Promise<Record<string, unknown>> {
  await ask(peer, "count(narrow)", endMs);
  await delay(3000);
  const beforeBytes = peer.server.usage().rssBytes;
  const refusals: Record<string, string> = {};
  const peak = watchRss(peer.server.pid, 20);
  for (let i = 0; i < 10; i++) {
    for (const query of tooLarge) {
      const { status, text } = await ask(peer, query, endMs);
      refusals[query] = `${status} ${text.includes(limitId) ? limitId : text.slice(0, 300)}`;
    }
  }
  const peakBytes = peak();
  await delay(restSeconds * 1000);
  const afterBytes = peer.server.usage().rssBytes;
  return {
    ...{ refusals, beforeBytes, peakBytes, afterBytes },
    rssAfterOverBefore: afterBytes / beforeBytes,
  };
}

async function ask(
  peer: StartedPeer,
  query: string,
  endMs: number,
): Promise<{ status: number; text: string }> {
  const isRange = !query.endsWith("]");
  const end = endMs / 1000;
  const times = isRange
    ? { start: String(end - 7200), end: String(end), step: "30" }
    : { time: String(end) };
  const response = await fetch(`${peer.queryUrl}/api/v1/${isRange ? "query_range" : "query"}`, {
    method: "POST",
    body: new URLSearchParams({ query, ...times }),
  });
  return { status: response.status, text: await response.text() };
}
