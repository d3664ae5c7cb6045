import { createServer, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { createDistributor, type Distributor } from "../../server/distributor/index.ts";
import { createGateway, type Gateway } from "../../server/gateway/index.ts";
import type { FrontKernel } from "../../server/kernel/index.ts";
import {
  createLimits,
  singleProcessDefaults,
  type TenantLimits,
} from "../../server/limits/index.ts";
import { seededPrng, systemClock } from "../../server/platform/base/index.ts";
import {
  createClient,
  openInProcessChannel,
  RawQueryService,
  type ServiceHandlers,
  serve,
} from "../../server/platform/rpc/index.ts";
import { createMetricRegistry, silentLogger } from "../../server/platform/telemetry/index.ts";
import { createStandInKernel, type StandInKernel } from "./front-kernel-stand-in.ts";
import { createManualClock } from "./manual-clock.ts";
import { createRecordingIngester, type RecordingIngester } from "./recording-ingester.ts";

/** How a scene differs from one process without multitenancy. */
export interface GatewaySceneOptions {
  readonly multitenancyEnabled?: boolean;
  readonly limits?: Partial<TenantLimits>;
  readonly inflightPushesMax?: number;
  readonly query?: Partial<ServiceHandlers<typeof RawQueryService>>;
  readonly kernel?: FrontKernel;
  readonly shards?: number;
  readonly notReady?: string;
}

/** A gateway with a distributor on a real port, services in memory behind them. */
export interface GatewayScene {
  readonly url: string;
  readonly port: number;
  /** The first shard, or the only one. */
  readonly ingester: RecordingIngester;
  readonly ingesters: readonly RecordingIngester[];
  readonly distributor: Distributor;
  readonly kernel: StandInKernel;
  readonly gateway: Gateway;
  close(): Promise<void>;
}

/** Starts a scene; close it at the end. */
export async function openGatewayScene(options: GatewaySceneOptions = {}): Promise<GatewayScene> {
  const ingester = createRecordingIngester();
  const others = Array.from({ length: (options.shards ?? 1) - 1 }, createRecordingIngester);
  const ingesters = [ingester, ...others];
  const kernel = createStandInKernel(256 * 2 ** 20);
  const metrics = createMetricRegistry();
  const limits = createLimits({
    defaults: { ...singleProcessDefaults({ memorySizeBytes: 0 }), ...options.limits },
    overrides: new Map(),
  });
  const distributor = createDistributor({
    frontKernel: options.kernel ?? kernel,
    ingesters,
    limits,
    instanceLimits: {
      inflightPushesMax: options.inflightPushesMax ?? 100,
      inflightPushSizeBytesMax: 2 ** 28,
    },
    pushTimeoutMs: 10_000,
    clock: createManualClock(),
    metrics,
  });
  const channel = openInProcessChannel([serve(RawQueryService, options.query ?? {})], {
    clock: systemClock,
  });
  const gateway = createGateway({
    write: distributor,
    query: createClient(RawQueryService, channel),
    limits,
    tenancy: { multitenancyEnabled: options.multitenancyEnabled ?? false },
    prometheusPrefix: "/prometheus",
    build: { version: "1.2.3", revision: "abc" },
    hooks: {
      notReady: () => options.notReady,
      metrics: async () => ({ type: "text/plain; version=0.0.4", text: "urd_up 1\n" }),
    },
    pages: new Map([["/", (_, response) => void response.end("the first page")]]),
    clock: systemClock,
    prng: seededPrng(1),
    metrics,
    logger: silentLogger,
  });
  const server = createServer(gateway.handle);
  server.on("checkContinue", gateway.handleExpectContinue);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    ingester,
    ingesters,
    distributor,
    kernel,
    gateway,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An answer as it came, nothing decoded. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** True when the connection broke before the answer was whole. */
  readonly broken: boolean;
}

/** A request without the comforts of fetch, which hides encodings and adds headers. */
export interface RawAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
  /** Sends the body in pieces without Content-Length. */
  readonly chunked?: boolean;
}

/** Sends a request to a scene and reads the whole answer. */
export function ask(scene: GatewayScene, path: string, options: RawAsk = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const body = options.body === undefined ? undefined : Buffer.from(options.body);
    const headers: Record<string, string | string[] | number> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      headers[name] = typeof value === "string" ? value : [...value];
    }
    if (body !== undefined && options.chunked !== true) headers["Content-Length"] = body.length;
    const request = httpRequest({
      host: "127.0.0.1",
      port: scene.port,
      path,
      method: options.method ?? "GET",
      headers,
      agent: false,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      const finish = (broken: boolean) => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: whole,
          text: whole.toString("utf8"),
          broken,
        });
      };
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => finish(false));
      response.on("error", () => finish(true));
    });
    if (body === undefined) request.end();
    else if (options.chunked === true) sendInPieces(request, body);
    else request.end(body);
  });
}

function sendInPieces(
  request: { write(chunk: Uint8Array): unknown; end(): unknown },
  body: Buffer,
): void {
  for (let at = 0; at < body.length; at += 16_384) request.write(body.subarray(at, at + 16_384));
  request.end();
}
