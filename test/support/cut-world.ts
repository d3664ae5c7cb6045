import { createBlockNames, openLocalBlocks } from "../../server/blocks/index.ts";
import { createIngesterHandlers } from "../../server/ingester/handlers.ts";
import { HeadCutter } from "../../server/ingester/head-cutter.ts";
import { ExemplarStore } from "../../server/ingester/exemplars.ts";
import { MetadataStore } from "../../server/ingester/metadata.ts";
import type { Labels } from "../../server/model/index.ts";
import type { IngesterPeer } from "../../server/peers/index.ts";
import type { Clock, Prng } from "../../server/platform/base/index.ts";
import {
  createClient,
  openInProcessChannel,
  RawIngesterService,
  serve,
} from "../../server/platform/rpc/index.ts";
import { silentLogger } from "../../server/platform/telemetry/index.ts";
import type { Vfs } from "../../server/platform/vfs/index.ts";
import { createBuilderPool } from "../../server/querier/builder-pool.ts";
import { createHeldLabelSets } from "../../server/querier/held-label-sets.ts";
import { createIngesterSource } from "../../server/querier/ingester-source.ts";
import { createReadReport } from "../../server/querier/read-report.ts";
import {
  chunksFilePath,
  createChunkReader,
  type Shard,
  shardDirectory,
  type ShardSettings,
} from "../../server/shard/index.ts";
import type { Queryable, Selection } from "../../server/storage/index.ts";
import { openTestShard, smallSettings, testLimits } from "./shard-world.ts";

/** Shards, cutter and reader over one file system, as a process has them, in one thread. */
export interface CutWorld {
  readonly shards: readonly Shard[];
  readonly peers: readonly IngesterPeer[];
  readonly cutter: HeadCutter;
  /** Failed and successful cuts so far. */
  readonly counts: { failed: number; cut: number };
  /** Opens a tenant's data as a query does. */
  source(tenant: string): Queryable;
}

/** Where everything lies. */
export const cutDataDir = "/data";

/** Opens the world as a start of the process does. */
export async function openCutWorld(options: {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly shards: number;
  readonly seriesAtOnceMax?: number;
  readonly settings?: ShardSettings;
}): Promise<CutWorld> {
  const { vfs, clock, prng } = options;
  const shards: Shard[] = [];
  for (let shard = 0; shard < options.shards; shard++) {
    const directory = shardDirectory(cutDataDir, shard);
    vfs.makeDirectory(directory);
    const settings = options.settings ?? smallSettings;
    shards.push(await openTestShard(vfs, clock, { shard, directory, settings }));
  }
  const peers = shards.map((shard, number) => peerOf(shard, number, clock));
  const counts = { failed: 0, cut: 0 };
  const blocks = openLocalBlocks(vfs, `${cutDataDir}/blocks`, { openMax: 4 });
  const cutter = new HeadCutter({
    vfs,
    clock,
    logger: silentLogger,
    dataDir: cutDataDir,
    blocks,
    nextUlid: createBlockNames(clock, prng),
    seriesAtOnceMax: options.seriesAtOnceMax ?? 1000,
    metrics: { start: () => () => counts.cut++, failed: () => counts.failed++ },
    peers: () => peers,
  });
  const chunks = createChunkReader({
    vfs,
    pathOf: (shard, file) => chunksFilePath(cutDataDir, shard, file),
    cacheSizeBytesMax: 1 << 20,
  });
  const builders = createBuilderPool(chunks);
  const labelSets = createHeldLabelSets();
  return {
    shards,
    peers,
    cutter,
    counts,
    source: (tenant) =>
      createIngesterSource({
        ...{ tenant, peers, readsChunksFiles: true, blocks, builders, labelSets },
        ...{ seriesMax: 0, samplesMax: 0, report: createReadReport() },
      }),
  };
}

function peerOf(shard: Shard, number: number, clock: Clock): IngesterPeer {
  const handlers = createIngesterHandlers({
    shard: () => shard,
    limits: testLimits(),
    metadata: new MetadataStore(clock),
    exemplars: new ExemplarStore(testLimits(), 1),
  });
  const channel = openInProcessChannel([serve(RawIngesterService, handlers)], { clock });
  const client = createClient(RawIngesterService, channel);
  return { name: `shard-${number}`, shard: number, client };
}

/** All samples that a selection finds: label text → time → value bits, ascending, each once. */
export async function readSamples(
  source: Queryable,
  selection: Selection,
): Promise<Map<string, Map<number, bigint>>> {
  const found = new Map<string, Map<number, bigint>>();
  const call = { signal: new AbortController().signal, account: { addRead: () => undefined } };
  for await (const batch of source.select(selection, call)) {
    for (const { labels, timesMs, words, from, to } of batch.series) {
      const key = keyOf(labels);
      if (found.has(key)) throw new Error(`the series ${key} comes twice`);
      const samples = new Map<number, bigint>();
      for (let i = from; i < to; i++) {
        const timeMs = timesMs[i] as number;
        if (i > from && timeMs <= (timesMs[i - 1] as number)) throw new Error("not ascending");
        const [low, high] = [words[2 * i] as number, words[2 * i + 1] as number];
        samples.set(timeMs, (BigInt(high) << 32n) | BigInt(low));
      }
      found.set(key, samples);
    }
  }
  return found;
}

/** Text that is equal exactly for equal label sets. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(labels);
}
