import {
  compileKernel,
  createFrontKernel,
  createShardKernel,
  type FrontKernel,
  type PayloadFormat,
  type ShardKernel,
} from "../../server/kernel/index.ts";
import { createLimits, type Limits, singleProcessDefaults } from "../../server/limits/index.ts";
import type { Matcher } from "../../server/model/index.ts";
import type { Clock } from "../../server/platform/base/index.ts";
import { silentLogger } from "../../server/platform/telemetry/index.ts";
import type { Vfs } from "../../server/platform/vfs/index.ts";
import {
  inlineSyncer,
  openShard,
  type PushOutcome,
  type Shard,
  type ShardOptions,
  type ShardSettings,
  shardDefaults,
} from "../../server/shard/index.ts";
import { createXorDecoder, makeColumns } from "../../server/tsdb/index.ts";
import { encodePayload, type TestSeries } from "./kernel-payloads.ts";

const module = await compileKernel();

/** A fresh kernel. */
export function testKernel(): Promise<ShardKernel> {
  return createShardKernel({ module, hashKey: 7n });
}

/** A fresh kernel of a front thread. */
export function testFrontKernel(): Promise<FrontKernel> {
  return createFrontKernel({ module });
}

/** Limits without limits, with a window of two hours. */
export function testLimits(): Limits {
  const defaults = singleProcessDefaults({ memorySizeBytes: 2 ** 32 });
  return createLimits({ defaults, overrides: new Map() });
}

/** Sizes so small that a few batches make segments, chunks files and snapshots. */
export const smallSettings: ShardSettings = {
  ...shardDefaults,
  log: { ...shardDefaults.log, segmentSizeBytesMax: 4096, retryIntervalMs: 0 },
  chunks: { fileSizeBytesMax: 2048, waitingSizeBytesMax: 1 << 20 },
  snapshotLogSizeBytesMin: 1e9,
  snapshotSliceSizeBytesMin: 40,
};

/** Options of a shard in `/data/shard` of a file system. */
export function shardOptions(
  vfs: Vfs,
  clock: Clock,
  change: Partial<ShardOptions> = {},
): ShardOptions {
  return {
    shard: 0,
    shards: 1,
    directory: "/data/shard",
    vfs,
    clock,
    logger: silentLogger,
    syncer: inlineSyncer(vfs),
    limits: testLimits(),
    newest: undefined,
    settings: smallSettings,
    createKernel: testKernel,
    onFatal: (error) => {
      throw error;
    },
    ...change,
  };
}

/** Opens such a shard. */
export function openTestShard(
  vfs: Vfs,
  clock: Clock,
  change: Partial<ShardOptions> = {},
): Promise<Shard> {
  return openShard(shardOptions(vfs, clock, change));
}

/** Pushes series as a payload of either format. */
export function pushSeries(
  shard: Shard,
  series: readonly TestSeries[],
  options: { tenant?: string; format?: PayloadFormat } = {},
): Promise<PushOutcome> {
  const { tenant = "anonymous", format = 1 } = options;
  return shard.push({ tenant, format, payload: encodePayload(format, series) });
}

/** Series with one sample each: `name{i="0"}`, `name{i="1"}`, … */
export function manySeries(
  name: string,
  count: number,
  sample: readonly [number, number],
): TestSeries[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: [
      ["__name__", name],
      ["i", String(i)],
    ],
    samples: [sample],
  }));
}

/** All samples of a tenant: label text → time → value. Fails when a time has two values. */
export async function readAll(
  shard: Shard,
  options: {
    tenant?: string;
    matchers?: readonly Matcher[];
    /** Told of samples that are stored more than once. */
    onRepeated?: (series: string, timeMs: number) => void;
  } = {},
): Promise<Map<string, Map<number, number>>> {
  const { tenant = "anonymous", matchers = [] } = options;
  const found = new Map<string, Map<number, number>>();
  const selection = {
    tenant,
    matchers,
    startMs: -1e15,
    endMs: 1e15,
    allowLocations: false,
    signal: undefined,
  };
  const decoder = createXorDecoder();
  for await (const batch of shard.reader.select(selection)) {
    for (const { pairs, chunks } of batch) {
      const key = pairs.map((pair) => `${pair.name}=${pair.value}`).join(",");
      if (found.has(key)) throw new Error(`the series ${key} comes twice`);
      const samples = new Map<number, number>();
      for (const chunk of chunks) {
        const columns = makeColumns(128);
        decoder.decode(chunk.bytes as Uint8Array, { startMs: -1e15, endMs: 1e15 }, columns);
        for (let i = 0; i < columns.length; i++) {
          const timeMs = columns.timesMs[i] as number;
          const value = columns.values[i] as number;
          // A late sample is kept apart uncompared: sent again it is there twice until a reader merges.
          if ((samples.get(timeMs) ?? value) !== value) {
            throw new Error(`${key} has two values at ${timeMs}`);
          }
          if (samples.has(timeMs)) options.onRepeated?.(key, timeMs);
          samples.set(timeMs, value);
        }
      }
      found.set(key, samples);
    }
  }
  return found;
}

/** Samples in all. */
export function countSamples(read: ReadonlyMap<string, ReadonlyMap<number, number>>): number {
  let count = 0;
  for (const samples of read.values()) count += samples.size;
  return count;
}
