import { MessageChannel } from "node:worker_threads";
import type {
  BackgroundThreadData,
  BackgroundThreadMessage,
  ShardThreadData,
} from "../ingester/index.ts";
import { createFrontKernel, createShardKernel } from "../kernel/index.ts";
import type { Limits, LimitsState } from "../limits/index.ts";
import { assert, type Clock } from "../platform/base/index.ts";
import type { Channel } from "../platform/rpc/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { QueryThreadData, QueryThreadMessage } from "../querier/index.ts";
import { nodeVfs } from "../platform/vfs/index.ts";
import {
  headSignalMemory,
  newestTimesMemory,
  prepareShards,
  shardDefaults,
} from "../shard/index.ts";
import { smallNursery } from "./heap-policy.ts";
import type { Config } from "./options.ts";
import type { MetricThreads } from "./process-metrics.ts";
import type { Readiness } from "./readiness.ts";
import type { ThreadCounts } from "./sizing.ts";
import type { Module } from "./start-stop.ts";
import { SupervisedThread, type ThreadInput } from "./thread-supervisor.ts";
import { kernelLocation, threadEntry } from "./thread-entries.ts";
import { type ThreadBasics, ThreadGroup, type ThreadGroupOptions } from "./thread-group.ts";

/** What threads are made with. */
export interface ThreadsOptions {
  readonly config: Config;
  readonly counts: ThreadCounts;
  readonly limits: Limits;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** All threads of the process, as modules, with the channels that reach them. */
export interface Threads {
  readonly logSync: Module;
  readonly ingester: Module;
  readonly background: Module;
  readonly querier: Module;
  /** To the ingester service of each shard. */
  readonly shardChannels: readonly Channel[];
  /** To the query service of each query thread. */
  readonly queryChannels: readonly Channel[];
  readonly groups: readonly MetricThreads[];
}

/**
 * Makes the threads of a process. Query threads reach every shard directly: whenever a thread
 * of either kind begins to serve, it is connected with all of the other kind that do.
 */
export function createThreads(options: ThreadsOptions): Threads {
  const { limits } = options;
  const logSync = createLogSync(options);
  const newestTimes = newestTimesMemory();
  const headSignal = headSignalMemory();
  const common = groupOptions(options);
  const shards = new ThreadGroup({
    ...common,
    kind: "shard",
    unavailable: "shard-unavailable",
    count: options.counts.shards,
    entry: threadEntry("ingester/shard-thread.ts"),
    heap: smallNursery,
    prepare: (shard) => shardInput(options, { shard, newestTimes, headSignal, logSync }),
    onServing: (shard) => {
      for (const query of queries.serving) connect(query, shard);
      if (background.serving.length > 0) connectBackground(shard);
    },
  });
  const queries = new ThreadGroup({
    ...common,
    kind: "query",
    unavailable: "querier-unavailable",
    count: options.counts.queryThreads,
    entry: threadEntry("querier/query-thread.ts"),
    prepare: () => queryInput(options),
    onServing: (query) => {
      for (const shard of shards.serving) connect(query, shard);
    },
  });
  const connect = (query: number, shard: number): void => {
    const port = shards.connect(shard);
    const message = { kind: "shard", shard, port } satisfies QueryThreadMessage;
    queries.post(query, message, [port]);
  };
  const background = new ThreadGroup({
    ...common,
    kind: "background",
    count: 1,
    entry: threadEntry("ingester/background-thread.ts"),
    heap: smallNursery,
    unavailable: "internal",
    prepare: () => backgroundInput(options, headSignal),
    onServing: () => {
      for (const shard of shards.serving) connectBackground(shard);
    },
  });
  const connectBackground = (shard: number): void => {
    const port = shards.connect(shard);
    const message = { kind: "shard", shard, port } satisfies BackgroundThreadMessage;
    background.post(0, message, [port]);
  };
  limits.onChange((state: LimitsState) => {
    for (const group of [shards, queries]) group.broadcast({ kind: "limits", state });
  });
  return asThreads(options, { logSync, shards, queries, background });
}

interface ThreadGroups {
  readonly logSync: ReturnType<typeof createLogSync>;
  readonly shards: ThreadGroup;
  readonly queries: ThreadGroup;
  readonly background: ThreadGroup;
}

/** The groups as modules, with the channels that reach them. */
function asThreads(options: ThreadsOptions, groups: ThreadGroups): Threads {
  const { logSync, shards, queries, background } = groups;
  const stopTimeoutMs = options.config.process.shutdownTimeoutMs;
  const asModule = (group: ThreadGroup): Module => ({
    start: () => group.start(),
    stop: () => group.stop(stopTimeoutMs),
  });
  return {
    logSync: { start: () => logSync.start(), stop: () => logSync.stop(stopTimeoutMs) },
    ingester: {
      ...asModule(shards),
      async start() {
        await prepareData(options);
        await shards.start();
      },
    },
    background: asModule(background),
    querier: asModule(queries),
    shardChannels: shards.channels,
    queryChannels: queries.channels,
    groups: [shards, queries, background],
  };
}

/** Makes the data directory fit for as many shards as there will be. */
function prepareData({ config, counts, limits, clock, logger }: ThreadsOptions): Promise<void> {
  const url = kernelLocation();
  return prepareShards({
    vfs: nodeVfs,
    clock,
    logger,
    dataDir: config.process.dataDir,
    shards: counts.shards,
    limits,
    settings: shardDefaults,
    createKernel: () => createShardKernel({ url }),
    createFrontKernel: () => createFrontKernel({ url }),
  });
}

type CommonOptions = Pick<ThreadGroupOptions, "log" | "readiness" | "clock" | "logger">;

function groupOptions({ config, readiness, clock, logger }: ThreadsOptions): CommonOptions {
  const log = { level: config.process.logLevel, format: config.process.logFormat };
  return { log, readiness, clock, logger };
}

function createLogSync({ readiness, clock, logger }: ThreadsOptions): SupervisedThread {
  return new SupervisedThread({
    name: "log-sync",
    entry: threadEntry("runtime/log-sync-thread.ts"),
    heap: smallNursery,
    prepare: () => ({ workerData: {}, transfer: [] }),
    // It runs a few lines that wait for the disk. Without it no shard could acknowledge.
    onLost: () => assert(false, "the log-sync thread ended"),
    onFault: (fault) => readiness.setFault("log-sync", fault),
    clock,
    logger,
  });
}

function shardInput(
  { config, counts, limits }: ThreadsOptions,
  own: {
    shard: number;
    newestTimes: SharedArrayBuffer;
    headSignal: SharedArrayBuffer;
    logSync: SupervisedThread;
  },
): ThreadInput {
  const { port1, port2 } = new MessageChannel();
  own.logSync.post({ kind: "connect", port: port1 }, [port1]);
  return {
    workerData: {
      shard: own.shard,
      shards: counts.shards,
      dataDir: config.process.dataDir,
      walSync: config.wal.sync,
      walSyncIntervalMs: config.wal.syncIntervalMs,
      seriesMax: config.ingester.seriesMax,
      snapshotTailSizeBytesMin: config.ingester.snapshotTailSizeBytesMin,
      limits: limits.state,
      newestTimes: own.newestTimes,
      headSignal: own.headSignal,
      syncPort: port2,
      kernelUrl: kernelLocation().href,
    } satisfies Omit<ShardThreadData, keyof ThreadBasics>,
    transfer: [port2],
  };
}

function backgroundInput(
  { config, counts }: ThreadsOptions,
  headSignal: SharedArrayBuffer,
): ThreadInput {
  return {
    workerData: {
      shards: counts.shards,
      dataDir: config.process.dataDir,
      headCompactionIntervalMs: config.blocksStorage.headCompactionIntervalMs,
      headSignal,
    } satisfies Omit<BackgroundThreadData, keyof ThreadBasics>,
    transfer: [],
  };
}

function queryInput({ config, limits }: ThreadsOptions): ThreadInput {
  return {
    workerData: {
      dataDir: config.process.dataDir,
      timeoutMs: config.querier.timeoutMs,
      samplesMax: config.querier.samplesMax,
      lookbackDeltaMs: config.querier.lookbackDeltaMs,
      queriesPerTenantMax: config.querier.queriesPerTenantMax,
      limits: limits.state,
    } satisfies Omit<QueryThreadData, keyof ThreadBasics>,
    transfer: [],
  };
}
