/**
 * Entry of an ingest shard's thread: opens the shard, serves the ingester service on every port
 * that it is given, and ends when it is told to. An error that spoils the shard ends the thread;
 * whoever started it starts it again, and it replays its log.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createShardKernel } from "../kernel/index.ts";
import { createLimits, type LimitsState } from "../limits/index.ts";
import { defined, systemClock } from "../platform/base/index.ts";
import { RawIngesterService, serve, serveOnPort } from "../platform/rpc/index.ts";
import {
  addThreadMetrics,
  answerMetrics,
  createLogger,
  createMetricRegistry,
  durationBucketsSeconds,
} from "../platform/telemetry/index.ts";
import { nodeVfs } from "../platform/vfs/index.ts";
import {
  HeadSignal,
  inlineSyncer,
  NewestTimes,
  openShard,
  type Shard,
  shardDefaults,
  shardDirectory,
  threadSyncer,
} from "../shard/index.ts";
import { ExemplarStore } from "./exemplars.ts";
import { createIngesterHandlers } from "./handlers.ts";
import { openMetadataFiles } from "./metadata-files.ts";
import { MetadataStore } from "./metadata.ts";
import { addShardMetrics } from "./shard-metrics.ts";
import type { ShardThreadData } from "./thread-data.ts";

type ParentMessage =
  | { readonly kind: "connect"; readonly port: MessagePort }
  | { readonly kind: "limits"; readonly state: LimitsState }
  | { readonly kind: "stop" };

const data = workerData as ShardThreadData;
const parent = defined(parentPort, "the parent of a shard thread");
const logger = createLogger(data.log).with({ thread: data.name });
const limits = createLimits(data.limits);
const registry = createMetricRegistry();
const metadata = new MetadataStore(
  systemClock,
  openMetadataFiles({ ...data, vfs: nodeVfs, logger }),
);
const exemplars = new ExemplarStore(limits, data.shards);
const headSignal = new HeadSignal(data.headSignal);
let shard: Shard | undefined;

const service = serve(
  RawIngesterService,
  createIngesterHandlers({ shard: () => shard, limits, metadata, exemplars }),
);

function connect(port: MessagePort): void {
  serveOnPort(port, [service], {
    clock: systemClock,
    onBug: (error, path) => logger.error("a call failed unexpectedly", { path, error }),
  });
}

async function stop(): Promise<void> {
  await shard?.close();
  process.exit(0);
}

parent.on("message", (message: ParentMessage) => {
  if (message.kind === "connect") connect(message.port);
  else if (message.kind === "limits") limits.replace(message.state);
  else void stop();
});

async function open(): Promise<void> {
  parent.postMessage({ kind: "progress", text: "replays its log" });
  const pauses = registry.histogram({
    name: "urd_shard_snapshot_pause_seconds",
    help: "Time for which one slice of a snapshot held up the shard.",
    buckets: durationBucketsSeconds,
  });
  shard = await openShard({
    shard: data.shard,
    shards: data.shards,
    directory: shardDirectory(data.dataDir, data.shard),
    vfs: nodeVfs,
    clock: systemClock,
    logger,
    syncer: threadSyncer(data.syncPort, inlineSyncer(nodeVfs)),
    limits,
    newest: data.shards > 1 ? new NewestTimes(data.newestTimes) : undefined,
    settings: {
      ...shardDefaults,
      snapshotLogSizeBytesMin: data.snapshotTailSizeBytesMin,
      log: {
        ...shardDefaults.log,
        syncMode: data.walSync,
        syncIntervalMs: data.walSyncIntervalMs,
      },
    },
    createKernel: () => createShardKernel({ url: data.kernelUrl, seriesMax: data.seriesMax }),
    onWideHead: () => headSignal.raise(),
    onSnapshotSlice: (pauseMs) => pauses.observe(pauseMs / 1000),
    onFatal: (error) => {
      // Out of every promise: the thread must end, whatever is waited for.
      setImmediate(() => {
        throw error;
      });
    },
  });
  addShardMetrics(registry, { thread: data.name, shard, exemplars });
  logger.info("the shard is open", { ...shard.recovery });
  parent.postMessage({ kind: "serving" });
}

addThreadMetrics(registry, data.name);
answerMetrics(data.metricsPort, registry);
await open();
