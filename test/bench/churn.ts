/**
 * Series that come and go: resident size over simulated hours in which a tenth of them is
 * replaced each. After an hour's samples there is a pause, for blocks are cut at the lowest
 * priority: a real hour leaves it a thousand times as long.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type StartedPeer, startPeer } from "../support/bench-peers.ts";
import { Payload } from "../support/load/payload.ts";
import { closeConnections, sendScrape } from "../support/load/sender.ts";
import type { BenchOptions } from "./index.ts";

const hourMs = 3_600_000;

/** Runs the benchmark; prints resident sizes by hour, or with `--json` one object. */
export async function benchChurn(options: BenchOptions): Promise<void> {
  const series = options.number("series", 100_000);
  const hours = options.number("hours", 24);
  const scrapesPerHour = options.number("scrapes", 12);
  const percentPerHour = options.number("percent", 10);
  const pauseMs = options.number("pause-ms", 3000);
  const peer = await startPeer("urd");
  const endMs = Math.floor(Date.now() / hourMs) * hourMs;
  const payloads = new Map<number, Payload>();
  const generations = new Map<number, number>();
  const make = (from: number): void => {
    const numbers = Int32Array.from({ length: Math.min(1000, series - from) }, (_, i) => from + i);
    const generation = generations.get(from) ?? 0;
    payloads.set(
      from,
      new Payload({ version: 1, series: numbers, generation, seed: from + 1 + generation }),
    );
  };
  for (let from = 0; from < series; from += 1000) make(from);
  const slots = [...payloads.keys()];
  const replaced = Math.max(1, Math.round((slots.length * percentPerHour) / 100));
  const rssByHour: number[] = [];
  let refused = 0;
  for (let hour = 0; hour < hours; hour++) {
    for (let scrape = 0; scrape < scrapesPerHour; scrape++) {
      const timeMs = endMs - (hours - hour) * hourMs + (scrape * hourMs) / scrapesPerHour;
      const options2 = { url: peer.writeUrl, version: 1, concurrency: 2, retries: 5 } as const;
      refused += series - (await sendScrape([...payloads.values()], timeMs, options2)).samples;
    }
    await delay(pauseMs);
    rssByHour.push(peer.server.usage().rssBytes);
    if (options.flag("parts")) console.error(await partsOf(peer));
    for (let i = 0; i < replaced; i++) {
      const slot = slots[(hour * replaced + i) % slots.length] as number;
      generations.set(slot, (generations.get(slot) ?? 0) + 1);
      make(slot);
    }
  }
  closeConnections();
  await peer.remove();
  const figures = {
    series,
    refusedSamples: refused,
    rssByHour,
    finalToHour3: (rssByHour.at(-1) ?? Number.NaN) / (rssByHour[2] ?? Number.NaN),
  };
  console.log(options.json ? JSON.stringify(figures) : figures);
}

/** What a process holds, by part. */
async function partsOf(peer: StartedPeer): Promise<string> {
  const text = await (await fetch(`${peer.server.url}/metrics`)).text();
  const wanted =
    /^(urd_shard_series|urd_shard_kernel_bytes|urd_thread_heap_bytes|process_resident)/;
  return text
    .split("\n")
    .filter((line) => wanted.test(line))
    .join("  ");
}
