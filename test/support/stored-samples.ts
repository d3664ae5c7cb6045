import { createShardKernel } from "../../server/kernel/index.ts";
import { createLimits, singleProcessDefaults } from "../../server/limits/index.ts";
import { defined, systemClock } from "../../server/platform/base/index.ts";

import { createLogger } from "../../server/platform/telemetry/index.ts";
import { nodeVfs } from "../../server/platform/vfs/index.ts";
import {
  inlineSyncer,
  openShard,
  type Shard,
  shardDefaults,
  shardDirectory,
} from "../../server/shard/index.ts";
import { chunkEncodings, type Labels } from "../../server/model/index.ts";
import {
  createXorDecoder,
  makeColumns,
  openBlock,
  type SampleColumns,
} from "../../server/tsdb/index.ts";

/** All samples of a tenant as they lie in the files. */
export interface StoredTenant {
  /** Series text to samples: time to bits. */
  readonly series: Map<string, Map<number, bigint>>;
  samples: number;
  /** Samples found a second time at the same time in the same series. */
  doubled: number;
  /**
   * Late samples that equal one of a chunk which was sealed before they came: a batch sent again
   * across a chunk's end leaves them, as in Prometheus. Readers merge them.
   */
  lateTwins: number;
  /** Ranges that the shards know to be lost. */
  holes: string[];
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** Text that is equal exactly for equal label sets; the same as the ledger's. */
function textOf(pairs: readonly Pair[]): string {
  return pairs
    .map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(",");
}

/**
 * Reads floats; chunks of histograms are left out. Opens the shards and blocks of a data directory that nobody uses, as a restart does, and reads
 * every sample of the tenants, staleness markers included. A sample that a block has as well as a
 * shard, or two blocks, with the same bits is not doubled: a crash while a block is cut leaves that.
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
  for (const tenant of tenants) addBlocks(found, dataDir, tenant);
  return found;
}

function addBlocks(found: Map<string, StoredTenant>, dataDir: string, tenant: string): void {
  const directory = `${dataDir}/blocks/${tenant}`;
  const stored = tenantOf(found, tenant);
  for (const name of nodeVfs.list(directory).filter((one) => !one.endsWith(".tmp"))) {
    const block = openBlock(nodeVfs, `${directory}/${name}`);
    try {
      for (const ref of block.index.allPostings()) {
        const { labels, chunks } = block.index.series(ref);
        const bytes = chunks
          .map((chunk) => block.chunk(chunk.ref))
          .filter(({ encoding }) => encoding === chunkEncodings.xor)
          .map((chunk) => chunk.bytes);
        addSeries(stored, { pairs: pairsOf(labels), bytes, isBlock: true });
      }
    } finally {
      block.close();
    }
  }
}

function pairsOf(labels: Labels): Pair[] {
  return Array.from({ length: labels.length / 2 }, (_, i) => ({
    name: labels[2 * i] as string,
    value: labels[2 * i + 1] as string,
  }));
}

function tenantOf(found: Map<string, StoredTenant>, tenant: string): StoredTenant {
  const known = found.get(tenant);
  if (known !== undefined) return known;
  const stored: StoredTenant = {
    series: new Map(),
    samples: 0,
    doubled: 0,
    lateTwins: 0,
    holes: [],
  };
  found.set(tenant, stored);
  return stored;
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
  const stored = tenantOf(found, tenant);
  const all = { startMs: -(2 ** 52), endMs: 2 ** 52 };
  for (const hole of shard.reader.holes({ tenant, ...all })) stored.holes.push(hole.cause);
  const selection = { tenant, ...all, matchers: [], allowLocations: false, signal: undefined };
  for await (const batch of shard.reader.select(selection)) {
    for (const { pairs, chunks } of batch) {
      const bytes = chunks
        .filter(({ encoding }) => encoding === chunkEncodings.xor)
        .map((chunk) => defined(chunk.bytes, "a chunk's bytes"));
      addSeries(stored, { pairs, bytes, isBlock: false });
    }
  }
}

const decoder = createXorDecoder();

function addSeries(
  stored: StoredTenant,
  series: {
    readonly pairs: readonly Pair[];
    readonly bytes: readonly Uint8Array[];
    readonly isBlock: boolean;
  },
): void {
  const text = textOf(series.pairs);
  const samples = stored.series.get(text) ?? new Map<number, bigint>();
  stored.series.set(text, samples);
  const columns = makeColumns(256);
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const bytes of series.bytes) {
    columns.length = 0;
    decoder.decode(bytes, { startMs: -(2 ** 52), endMs: 2 ** 52 }, columns);
    // In-order chunks come first and ascend; what goes back in time is late.
    const isLate = (columns.timesMs[0] ?? 0) <= newestMs;
    if (!isLate) newestMs = columns.timesMs[columns.length - 1] ?? newestMs;
    addSamples(stored, samples, { columns, isLate, isBlock: series.isBlock });
  }
}

function addSamples(
  stored: StoredTenant,
  samples: Map<number, bigint>,
  chunk: {
    readonly columns: SampleColumns;
    readonly isLate: boolean;
    readonly isBlock: boolean;
  },
): void {
  const { columns, isLate, isBlock } = chunk;
  for (let i = 0; i < columns.length; i++) {
    const timeMs = columns.timesMs[i] as number;
    const [low, high] = [columns.words[2 * i] as number, columns.words[2 * i + 1] as number];
    const bits = (BigInt(high) << 32n) | BigInt(low);
    const isTwin = samples.get(timeMs) === bits;
    if (isBlock && isTwin) continue;
    if (isLate && isTwin) {
      stored.lateTwins++;
      continue;
    }
    if (samples.has(timeMs)) stored.doubled++;
    samples.set(timeMs, bits);
    stored.samples++;
  }
}
