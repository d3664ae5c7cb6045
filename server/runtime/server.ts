import { availableParallelism, totalmem } from "node:os";
import { createFrontKernel } from "../kernel/index.ts";
import { type Clock, seededPrng } from "../platform/base/index.ts";
import {
  addProcessMetrics,
  addThreadMetrics,
  createMetricRegistry,
  type JoinedMetrics,
  type Logger,
} from "../platform/telemetry/index.ts";
import { baseUrl } from "./banner.ts";
import { createDataDir } from "./data-dir.ts";
import { createFront, type Front } from "./front.ts";
import { createOverrides, createProcessLimits } from "./limits.ts";
import { type ModuleName, modulesFor } from "./modules.ts";
import type { Config } from "./options.ts";
import { joinProcessMetrics } from "./process-metrics.ts";
import { Readiness } from "./readiness.ts";
import { SelfMonitoring } from "./self-monitoring.ts";
import { threadCounts } from "./sizing.ts";
import { type Module, type StartStopOptions, startModules, stopModules } from "./start-stop.ts";
import { kernelLocation } from "./thread-entries.ts";
import { createThreads } from "./threads.ts";
import { buildInfo } from "./version.ts";

/** A whole process, made but not started. */
export interface Server {
  /** Resolves when everything serves. Rejects with a sentence for people; nothing runs then. */
  start(): Promise<void>;
  /** Finishes what is under way and lets go of everything; false when a part did not. */
  stop(): Promise<boolean>;
  /** Number of the public port, once started. */
  port(): number;
}

/** What a server may use of the world. */
export interface ServerWorld {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A module has its own bound for what is under way; this much more, and it is left behind. */
const stopMarginMs = 5000;

/**
 * Bound of the memory that request bodies pass through. The distributor's budget refuses
 * earlier; this is what one 32-bit memory can hold beside its own tables.
 */
const frontMemorySizeBytesMax = 3 * 2 ** 30;

/** Makes the server that a configuration describes. */
export async function createServer(config: Config, world: ServerWorld): Promise<Server> {
  const { clock, logger } = world;
  const prng = seededPrng(clock.nowMs() >>> 0);
  const machine = { cores: availableParallelism(), memorySizeBytes: totalmem() };
  const names = modulesFor(config.process.target);
  const readiness = new Readiness(names);
  const metrics = createMetricRegistry();
  addProcessMetrics(metrics, buildInfo);
  addThreadMetrics(metrics, "main");
  const limits = createProcessLimits(config, machine);
  const counts = threadCounts(
    { shards: config.ingester.shards, workers: config.querier.workers },
    machine,
  );
  const threads = createThreads({ config, counts, limits, readiness, clock, logger });
  const joined = (): Promise<JoinedMetrics> => joinProcessMetrics(metrics, threads.groups);
  const frontKernel = await createFrontKernel({
    url: kernelLocation(),
    memorySizeBytesMax: frontMemorySizeBytesMax,
  });
  const front = createFront({
    config,
    threads,
    frontKernel,
    limits,
    readiness,
    joined,
    clock,
    prng,
    logger,
    metrics,
  });
  const all: Readonly<Record<ModuleName, Module>> = {
    "data-dir": createDataDir(config.process.dataDir),
    "public-port": front.port,
    limits: createOverrides(config, { limits, clock, logger, metrics }),
    "log-sync": threads.logSync,
    ingester: threads.ingester,
    background: threads.background,
    distributor: alwaysServing,
    querier: threads.querier,
    gateway: alwaysServing,
    "self-monitoring": selfMonitoring(config, { ...world, front, joined }),
  };
  const startStop: StartStopOptions = {
    modules: new Map(names.map((name) => [name, all[name]])),
    readiness,
    clock,
    logger,
    stopTimeoutMs: config.process.shutdownTimeoutMs + stopMarginMs,
  };
  return {
    start: () => startModules(startStop),
    stop: () => stopModules(startStop),
    port: () => front.portNumber(),
  };
}

/** A role of the main thread, which serves as soon as what it stands on does. */
const alwaysServing: Module = {
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

function selfMonitoring(
  config: Config,
  parts: ServerWorld & { readonly front: Front; readonly joined: () => Promise<JoinedMetrics> },
): Module {
  if (!config.selfMonitoring.enabled) return alwaysServing;
  const { clock, logger, front, joined } = parts;
  let running: SelfMonitoring | undefined;
  return {
    async start() {
      const url = new URL(baseUrl(config.server.httpListenAddress, front.portNumber()));
      running = new SelfMonitoring({
        target: { job: "urd", instance: `${url.hostname}:${front.portNumber()}` },
        intervalMs: config.selfMonitoring.intervalMs,
        families: async () => (await joined()).families(),
        push: (request) => front.pushOwn(request),
        clock,
        logger,
      });
      await running.start();
    },
    async stop() {
      await running?.stop();
    },
  };
}
