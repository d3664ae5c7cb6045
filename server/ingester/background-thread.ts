/**
 * Entry of the background thread: cuts blocks out of the shards' heads. It asks the shards as
 * everybody does, over ports that the main thread brings, and reads sealed chunks from their files.
 */
import { randomBytes } from "node:crypto";
import os from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import {
  blocksDirectory,
  createBlockNames,
  openLocalBlocks,
  removeUnfinishedBlocks,
} from "../blocks/index.ts";
import { createShardPeers } from "../peers/index.ts";
import { defined, errorText, seededPrng, systemClock } from "../platform/base/index.ts";
import {
  addThreadMetrics,
  answerMetrics,
  createLogger,
  createMetricRegistry,
  type Logger,
} from "../platform/telemetry/index.ts";
import { nodeVfs } from "../platform/vfs/index.ts";
import { HeadSignal } from "../shard/index.ts";
import { createCutMetrics } from "./cut-metrics.ts";
import { runCutSchedule } from "./cut-schedule.ts";
import { HeadCutter } from "./head-cutter.ts";
import type { BackgroundThreadData, BackgroundThreadMessage } from "./thread-data.ts";

/** Niceness of the thread: writes and queries go first. On Linux it concerns only this thread. */
const niceness = 15;
/** Series of a tenant held in memory at once: about 40 MB. Larger ones go metric by metric. */
const seriesAtOnceMax = 100_000;

const data = workerData as BackgroundThreadData;
run(data, createLogger(data.log).with({ thread: data.name }));

function run(thread: BackgroundThreadData, logger: Logger): void {
  lowerPriority(logger);
  const clock = systemClock;
  const prng = seededPrng(randomBytes(4).readUInt32LE());
  const registry = createMetricRegistry();
  addThreadMetrics(registry, thread.name);
  answerMetrics(thread.metricsPort, registry);
  removeUnfinishedBlocks(nodeVfs, thread.dataDir);
  const peers = createShardPeers(clock);
  const blocks = openLocalBlocks(nodeVfs, blocksDirectory(thread.dataDir), { openMax: 1 });
  const cutter = new HeadCutter({
    vfs: nodeVfs,
    dataDir: thread.dataDir,
    blocks,
    nextUlid: createBlockNames(clock, prng),
    seriesAtOnceMax,
    clock,
    logger,
    metrics: createCutMetrics(registry, clock),
    peers: () => {
      const all = peers.all();
      return all.length === thread.shards && all.every((peer) => peer !== undefined)
        ? all
        : undefined;
    },
  });
  const stop = new AbortController();
  const headSignal = new HeadSignal(thread.headSignal);
  const schedule = runCutSchedule({
    clock,
    prng,
    intervalMs: thread.headCompactionIntervalMs,
    raised: () => headSignal.raised(),
    check: () => cutter.check(stop.signal),
    signal: stop.signal,
  });
  const main = defined(parentPort, "the port to the main thread");
  main.on("message", (message: BackgroundThreadMessage) => {
    if (message.kind === "shard") peers.connect(message.shard, message.port);
    else if (message.kind === "connect") message.port.close();
    else if (message.kind === "stop") {
      stop.abort(new Error("the background thread is stopping"));
      void schedule.finally(() => process.exit(0));
    }
  });
  main.postMessage({ kind: "serving" });
}

function lowerPriority(logger: Logger): void {
  try {
    os.setPriority(0, niceness);
  } catch (error) {
    logger.warn("the background thread keeps its priority", { error: errorText(error) });
  }
}
