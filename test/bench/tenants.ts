/** Many small tenants in one process: resident bytes per series. */
import { startPeer } from "../support/bench-peers.ts";
import { Payload } from "../support/load/payload.ts";
import { closeConnections, sendScrape } from "../support/load/sender.ts";
import { watchRss } from "../support/process.ts";
import type { BenchOptions } from "./index.ts";

/** Runs the benchmark; prints the figures, or with `--json` one object. */
export async function benchTenants(options: BenchOptions): Promise<void> {
  const tenants = options.number("tenants", 20_000);
  const seriesEach = options.number("series", 50);
  const scrapes = options.number("scrapes", 3);
  const peer = await startPeer("urd", ["--auth.multitenancy-enabled=true"]);
  const idleBytes = peer.server.usage().rssBytes;
  const peakRss = watchRss(peer.server.pid);
  const stepMs = 15_000;
  const firstMs = Math.floor(Date.now() / stepMs) * stepMs - scrapes * stepMs;
  const series = Int32Array.from({ length: seriesEach }, (_, index) => index);
  const payload = new Payload({ version: 1, series, generation: 0, seed: 1 });
  let samples = 0;
  for (let scrape = 0; scrape < scrapes; scrape++) {
    for (let tenant = 0; tenant < tenants; tenant++) {
      const report = await sendScrape([payload], firstMs + scrape * stepMs, {
        url: peer.writeUrl,
        version: 1,
        concurrency: 1,
        tenantOf: () => `tenant-${tenant}`,
      });
      samples += report.samples;
    }
  }
  const peak = peakRss();
  const figures = {
    tenants,
    series: tenants * seriesEach,
    samples,
    refusedSamples: tenants * seriesEach * scrapes - samples,
    rssBytesPerSeries: peak / (tenants * seriesEach),
    rssBytesPerSeriesOverIdle: (peak - idleBytes) / (tenants * seriesEach),
    cpuSecondsPerMillion: (peer.server.usage().cpuSeconds / samples) * 1e6,
  };
  closeConnections();
  await peer.remove();
  console.log(options.json ? JSON.stringify(figures) : figures);
}
