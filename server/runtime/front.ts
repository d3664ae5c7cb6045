import {
  createDistributor,
  createPushHandlers,
  type InstanceLimits,
} from "../distributor/index.ts";
import {
  clientError,
  createFrontPort,
  createGateway,
  createRpcFront,
  defaultFrontPortLimits,
  type Gateway,
  type QueryClient,
  type RpcFront,
  tenantOf,
} from "../gateway/index.ts";
import type { FrontKernel } from "../kernel/index.ts";
import type { Limits } from "../limits/index.ts";
import { type Clock, type Prng, UrdError } from "../platform/base/index.ts";
import { createClient, RawIngesterService } from "../platform/rpc/index.ts";
import {
  type JoinedMetrics,
  type Logger,
  type MetricRegistry,
  metricsContentType,
} from "../platform/telemetry/index.ts";
import type { Config } from "./options.ts";
import { createQueryThreadsClient } from "./query-threads-client.ts";
import type { Readiness } from "./readiness.ts";
import { startPage } from "./start-page.ts";
import { StartError } from "./start-error.ts";
import type { Module } from "./start-stop.ts";
import type { Threads } from "./threads.ts";
import { buildInfo } from "./version.ts";

/** What the roles of the main thread are made with. */
export interface FrontOptions {
  readonly config: Config;
  readonly threads: Threads;
  readonly frontKernel: FrontKernel;
  readonly limits: Limits;
  readonly readiness: Readiness;
  /** Metrics of all threads. */
  readonly joined: () => Promise<JoinedMetrics>;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly metrics: MetricRegistry;
}

/** The public port with what answers behind it. */
export interface Front {
  readonly port: Module;
  /** The number of the port, once it listens. */
  portNumber(): number;
  /** Stores a `prometheus.WriteRequest` of the process itself. Rejects when it could not. */
  pushOwn(request: Uint8Array): Promise<void>;
}

/** Longest time that a sender waits for the shards before it gets a 503. */
const pushTimeoutMs = 20_000;

/** Makes the roles of the main thread. Nothing listens before the port's start. */
export function createFront(options: FrontOptions): Front {
  const { config, threads, clock, logger } = options;
  const distributor = createDistributor({
    frontKernel: options.frontKernel,
    ingesters: threads.shardChannels.map((channel) => createClient(RawIngesterService, channel)),
    limits: options.limits,
    instanceLimits: instanceLimits(config),
    pushTimeoutMs,
    clock,
    metrics: options.metrics,
  });
  const query = createQueryThreadsClient(threads.queryChannels);
  const gateway = makeGateway(options, distributor, query);
  const tenancy = { multitenancyEnabled: config.process.multitenancyEnabled };
  const handler = createRpcFront({
    push: createPushHandlers(distributor),
    query,
    tenantOf: (values) => tenantOf(tenancy, values),
    rest: gateway,
    clock,
    messageSizeBytesMax: config.limits.writeMessageSizeBytesMax,
    publicError: (thrown, path) => {
      if (!(thrown instanceof UrdError)) logger.error("a call failed", { path, error: thrown });
      return clientError(thrown);
    },
  });
  const port = makePort(options, handler);
  return {
    ...port,
    async pushOwn(request) {
      const push = distributor.begin({
        tenant: config.process.multitenancyEnabled ? "urd" : "anonymous",
        format: 1,
        encoding: "none",
        declaredSizeBytes: request.length,
      });
      push.write(request);
      const { failure, refused } = await push.finish();
      const fault = failure ?? refused[0]?.error;
      if (fault !== undefined) throw fault;
    },
  };
}

/** In the configuration 0 means that there is no limit. */
function instanceLimits({ distributor }: Config): InstanceLimits {
  return {
    inflightPushesMax: distributor.inflightPushesMax || Number.POSITIVE_INFINITY,
    inflightPushSizeBytesMax: distributor.inflightPushSizeBytesMax || Number.POSITIVE_INFINITY,
  };
}

function makeGateway(
  options: FrontOptions,
  write: ReturnType<typeof createDistributor>,
  query: QueryClient,
): Gateway {
  const { config, readiness, joined } = options;
  return createGateway({
    write,
    query,
    limits: options.limits,
    tenancy: { multitenancyEnabled: config.process.multitenancyEnabled },
    prometheusPrefix: "/prometheus",
    build: buildInfo,
    hooks: {
      notReady() {
        const reasons = readiness.reasons();
        return reasons.length === 0 ? undefined : reasons.join("\n");
      },
      metrics: async () => ({ type: metricsContentType, text: await (await joined()).text() }),
    },
    pages: new Map([["/", startPage(buildInfo.version)]]),
    clock: options.clock,
    prng: options.prng,
    metrics: options.metrics,
    logger: options.logger,
  });
}

function makePort(
  { config, clock, metrics }: FrontOptions,
  handler: RpcFront,
): Pick<Front, "port" | "portNumber"> {
  const cuts = metrics.counter({
    name: "urd_front_port_cut_connections_total",
    help: "Clients that were cut off because they made no progress, by reason.",
    labelNames: ["reason"],
  });
  const frontPort = createFrontPort({
    handler,
    limits: { ...defaultFrontPortLimits, ...config.server },
    clock,
    isLongLived: (request) => handler.isLongLived(request),
    onCut: (reason) => cuts.inc({ reason }),
  });
  const connections = metrics.gauge({
    name: "urd_front_port_connections",
    help: "Connections to the public port.",
    collect: () => connections.set(frontPort.connections),
  });
  let portNumber = config.server.httpListenPort;
  return {
    portNumber: () => portNumber,
    port: {
      async start() {
        const { httpListenAddress, httpListenPort } = config.server;
        portNumber = await frontPort
          .listen(httpListenAddress, httpListenPort)
          .catch((error: unknown) => {
            throw listenError(httpListenAddress, httpListenPort, error);
          });
      },
      stop: () => frontPort.close(config.process.shutdownTimeoutMs),
    },
  };
}

function listenError(address: string, port: number, error: unknown): StartError {
  const place = `${address}:${port}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    return new StartError(
      `the address ${place} is in use by another process; set --server.http-listen-port`,
    );
  }
  if (code === "EACCES") {
    return new StartError(`the address ${place} may not be used; set --server.http-listen-port`);
  }
  return new StartError(
    `the address ${place} cannot be listened on (${code ?? "unknown"}); set --server.http-listen-address`,
    error,
  );
}
