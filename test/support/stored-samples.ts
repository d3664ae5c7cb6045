import { createShardKernel } from "../../server/kernel/index.ts";
import { createLimits, singleProcessDefaults } from "../../server/limits/index.ts";
import { systemClock } from "../../server/platform/base/index.ts";

import { createLogger } from "../../server/platform/telemetry/index.ts";
import { nodeVfs } from "../../server/platform/vfs/index.ts";
import {
  inlineSyncer,
  openShard,
  type SelectedSeries,
  type Shard,
  shardDefaults,
  shardDirectory,
} from "../../server/shard/index.ts";
import { createXorDecoder, makeColumns } from "../../server/tsdb/index.ts";

/** All samples of a tenant as they lie in the files. */
export interface StoredTenant {
  /** Series text to samples: time to bits. */
  readonly series: Map<string, Map<number, bigint>>;
  samples: number;
  /** Samples found a second time at the same time in the same series. */
  doubled: number;
  /** Ranges that the shards know to be lost. */
  holes: string[];
}

/** Text that is equal exactly for equal label sets; the same as the ledger's. */
function textOf(series: SelectedSeries): string {
  return series.pairs
    .map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(",");
}

/**
 * Opens the shards of a data directory that nobody uses, as a restart does, and reads every
 * sample of the tenants, staleness markers included.
 */
export async function readStoredSamples(
  dataDir: string,
  tenants: readonly string[],
): Promise<Map<string, StoredTenant>> {
  const found = new Map<string, StoredTenant>();
  for (let number = 0; nodeVfs.exists(shardDirectory(dataDir, number)); number++) {
    const shard = await open(dataDir, number);
    try {
      for (const tenant of tenants) await addTenant(found, shard, tenant);
    } finally {
      await shard.close();
    }
  }
  return found;
}

function open(dataDir: string, number: number): Promise<Shard> {
  return openShard({
    shard: number,
    shards: 1,
    directory: shardDirectory(dataDir, number),
    vfs: nodeVfs,
    clock: systemClock,
    logger: createLogger({ level: "error", format: "logfmt" }),
    syncer: inlineSyncer(nodeVfs),
    limits: createLimits({
      defaults: singleProcessDefaults({ memorySizeBytes: 2 ** 33 }),
      overrides: new Map(),
    }),
    newest: undefined,
    settings: shardDefaults,
    createKernel: () => createShardKernel({}),
    onFatal: (error) => {
      throw error;
    },
  });
}

async function addTenant(
  found: Map<string, StoredTenant>,
  shard: Shard,
  tenant: string,
): Promise<void> {
  const stored: StoredTenant = found.get(tenant) ?? {
    series: new Map(),
    samples: 0,
    doubled: 0,
    holes: [],
  };
  found.set(tenant, stored);
  const all = { startMs: -(2 ** 52), endMs: 2 ** 52 };
  for (const hole of shard.reader.holes({ tenant, ...all })) stored.holes.push(hole.cause);
  const selection = { tenant, ...all, matchers: [], allowLocations: false, signal: undefined };
  for await (const batch of shard.reader.select(selection)) {
    for (const series of batch) addSeries(stored, series);
  }
}

const decoder = createXorDecoder();

function addSeries(stored: StoredTenant, series: SelectedSeries): void {
  const text = textOf(series);
  const samples = stored.series.get(text) ?? new Map<number, bigint>();
  stored.series.set(text, samples);
  const columns = makeColumns(256);
  for (const { bytes } of series.chunks) {
    if (bytes === undefined) throw new Error("a chunk came without its bytes");
    decoder.decode(bytes, { startMs: -(2 ** 52), endMs: 2 ** 52 }, columns);
  }
  for (let i = 0; i < columns.length; i++) {
    const timeMs = columns.timesMs[i] as number;
    const [low, high] = [columns.words[2 * i] as number, columns.words[2 * i + 1] as number];
    if (samples.has(timeMs)) stored.doubled++;
    samples.set(timeMs, (BigInt(high) << 32n) | BigInt(low));
    stored.samples++;
  }
}
