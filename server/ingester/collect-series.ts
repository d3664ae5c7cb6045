import { compareUtf8, type Matcher, metricNameLabel } from "../model/index.ts";
import { askAll, type IngesterPeer, queryStreams } from "../peers/index.ts";
import { createSeriesFrameDecoder, selectorOf } from "../wire/index.ts";
import { type CollectedSeries, SeriesTable } from "./series-table.ts";

/** The series of a block to be, in the order in which a block has them. */
export interface SortedSeries {
  /** At least the strings of all labels, sorted by UTF-8 bytes. */
  readonly symbols: readonly string[];
  readonly series: AsyncIterable<CollectedSeries> | Iterable<CollectedSeries>;
}

/** Whose series are wanted, and of what time. */
export interface CollectOptions {
  readonly peers: readonly IngesterPeer[];
  readonly tenant: string;
  readonly startMs: number;
  /** Last millisecond, included. */
  readonly endMs: number;
  /** Series that may be held at once when that is all of them. */
  readonly seriesAtOnceMax: number;
  readonly signal: AbortSignal;
}

/**
 * Collects a tenant's series of a time from all shards, sorted by labels. A large tenant is read
 * metric by metric, so that memory holds only one of them; when a label sorts before the metric's
 * name that order would be wrong, and all series are held.
 */
export async function collectSeries(
  options: CollectOptions & { readonly seriesCount: number },
): Promise<SortedSeries> {
  if (options.seriesCount <= options.seriesAtOnceMax) return collectAll(options);
  const names = await labelNames(options);
  if (compareUtf8(names[0] ?? "", metricNameLabel) < 0) return collectAll(options);
  const symbols = new Set(names);
  for (const name of names) {
    for (const value of await labelValues(options, name)) symbols.add(value);
  }
  const metrics = await labelValues(options, metricNameLabel);
  return {
    symbols: [...symbols].sort(compareUtf8),
    series: metricByMetric(options, metrics.sort(compareUtf8), symbols),
  };
}

async function collectAll(options: CollectOptions): Promise<SortedSeries> {
  const table = await collect(options, []);
  return { symbols: table.symbols(), series: table.sorted() };
}

async function* metricByMetric(
  options: CollectOptions,
  metrics: readonly string[],
  symbols: ReadonlySet<string>,
): AsyncGenerator<CollectedSeries> {
  for (const value of metrics) {
    const table = await collect(options, [{ type: "=", name: metricNameLabel, value }]);
    for (const one of table.sorted()) {
      // A series that was born after the symbols were listed stays in memory for the next block.
      if (one.labels.every((text) => symbols.has(text))) yield one;
    }
  }
}

async function collect(
  { peers, tenant, startMs, endMs, signal }: CollectOptions,
  matchers: readonly Matcher[],
): Promise<SeriesTable> {
  const request = {
    tenant,
    selector: selectorOf({ matchers, startMs, endMs }),
    allowChunkLocations: true,
    seriesMax: 0n,
  };
  const table = new SeriesTable();
  let decoder = createSeriesFrameDecoder();
  for await (const { peer, part } of queryStreams(peers, request, signal)) {
    if (part.case === "end") {
      decoder = createSeriesFrameDecoder();
      continue;
    }
    for (const series of decoder.decode(part.value)) table.add(peer.shard, series);
  }
  return table;
}

async function labelNames({ peers, tenant, signal }: CollectOptions): Promise<string[]> {
  const lists = await askAll(peers, signal, async ({ client }, options) => {
    return (await client.labelNames({ tenant, selectors: [], limit: 0n }, options)).names;
  });
  return [...new Set(lists.flat())].sort(compareUtf8);
}

async function labelValues(
  { peers, tenant, signal }: CollectOptions,
  name: string,
): Promise<string[]> {
  const lists = await askAll(peers, signal, async ({ client }, options) => {
    return (await client.labelValues({ tenant, name, selectors: [], limit: 0n }, options)).values;
  });
  return [...new Set(lists.flat())];
}
