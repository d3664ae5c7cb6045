import os from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { blocksDirectory, openLocalBlocks } from "../blocks/index.ts";
import { createLimits } from "../limits/index.ts";
import { defined, errorText, systemClock } from "../platform/base/index.ts";
import { type PortServer, RawQueryService, serve, serveOnPort } from "../platform/rpc/index.ts";
import {
  addThreadMetrics,
  answerMetrics,
  createLogger,
  createMetricRegistry,
  type Logger,
} from "../platform/telemetry/index.ts";
import { nodeVfs } from "../platform/vfs/index.ts";
import { chunksFilePath, createChunkReader } from "../shard/index.ts";
import { createActiveQueries } from "./active-queries.ts";
import { createBuilderPool } from "./builder-pool.ts";
import { createHeldLabelSets } from "./held-label-sets.ts";
import { createIngesterSource } from "./ingester-source.ts";
import { samplesMaxOf } from "./query-account.ts";
import { createQueryMetrics } from "./query-metrics.ts";
import { createQueryService } from "./query-service.ts";
import type { QueryThreadData, QueryThreadMessage } from "./query-thread-messages.ts";
import { createShardPeers } from "../peers/index.ts";
import { createTurnScheduler } from "./turns.ts";

/**
 * Entry of a query thread: PromQL over the ingest shards, which it asks directly. The main
 * thread connects callers and shards by messages and otherwise only passes bytes on.
 */

/** Niceness of query threads: writes go first. On Linux it concerns only the calling thread. */
const niceness = 10;
/** Long enough that yielding costs nothing, short enough that input waits hardly. */
const turnMs = 5;
/** Forty panels of a dashboard come at once, from several people. */
const activeQueriesMax = 256;
/** Pages of chunks files; the system's own page cache stands behind. */
const chunkCacheSizeBytesMax = 64 * 1024 * 1024;

/** Blocks that stay open while nobody reads them: symbols and postings tables are in memory. */
const blocksOpenMax = 16;

const data = workerData as QueryThreadData;
const logger = createLogger(data.log).with({ thread: data.name });
run(data, logger);

function run(thread: QueryThreadData, log: Logger): void {
  lowerPriority(log);
  const clock = systemClock;
  const registry = createMetricRegistry();
  addThreadMetrics(registry, thread.name);
  answerMetrics(thread.metricsPort, registry);
  const limits = createLimits(thread.limits);
  const peers = createShardPeers(clock);
  const chunks = createChunkReader({
    vfs: nodeVfs,
    pathOf: (shard, file) => chunksFilePath(thread.dataDir, shard, file),
    cacheSizeBytesMax: chunkCacheSizeBytesMax,
  });
  const blocks = openLocalBlocks(nodeVfs, blocksDirectory(thread.dataDir), {
    openMax: blocksOpenMax,
  });
  const builders = createBuilderPool(chunks);
  const labelSets = createHeldLabelSets();
  const service = createQueryService({
    clock,
    limits,
    turns: createTurnScheduler(clock, turnMs),
    active: createActiveQueries(
      { all: activeQueriesMax, ofTenant: thread.queriesPerTenantMax },
      thread.name,
    ),
    metrics: createQueryMetrics(registry, clock),
    peers: peers.all,
    open: (tenant, report) => {
      const { seriesPerQueryMax, queryMemorySizeBytesMax } = limits.limitsFor(tenant);
      const { samplesMax } = thread;
      return createIngesterSource({
        tenant,
        peers: peers.all(),
        readsChunksFiles: true,
        blocks,
        builders,
        labelSets,
        seriesMax: seriesPerQueryMax,
        samplesMax: samplesMaxOf({ samplesMax, memorySizeBytesMax: queryMemorySizeBytesMax }),
        report,
      });
    },
    timeoutMs: thread.timeoutMs,
    samplesMax: thread.samplesMax,
    lookbackDeltaMs: thread.lookbackDeltaMs,
  });
  const servers: PortServer[] = [];
  const onBug = (error: unknown, path: string): void => log.error("a bug", { error, path });
  const main = defined(parentPort, "the port to the main thread");
  main.on("message", (message: QueryThreadMessage) => {
    if (message.kind === "connect") {
      const served = [serve(RawQueryService, service)];
      servers.push(serveOnPort(message.port, served, { clock, onBug }));
    } else if (message.kind === "shards") peers.connectAll(message.ports);
    else if (message.kind === "shard") peers.connect(message.shard, message.port);
    else if (message.kind === "limits") limits.replace(message.state);
    else {
      for (const server of servers) server.close();
      peers.close();
      chunks.close();
      blocks.close();
      closePorts(main, thread.metricsPort);
    }
  });
  main.postMessage({ kind: "serving" });
}

/** With no port left open, nothing keeps the thread alive. */
function closePorts(...ports: readonly MessagePort[]): void {
  for (const port of ports) port.close();
}

function lowerPriority(log: Logger): void {
  try {
    os.setPriority(0, niceness);
  } catch (error) {
    log.warn("a query thread keeps its priority", { error: errorText(error) });
  }
}
