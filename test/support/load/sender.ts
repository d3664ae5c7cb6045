import { Agent, request } from "node:http";
import type { Payload, RemoteWriteVersion } from "./payload.ts";

/** What one sending of many payloads came to. */
export interface SendReport {
  readonly samples: number;
  readonly wallSeconds: number;
  /** Requests by status code; 0 stands for a broken connection. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Latencies of the requests in ms, ascending. */
  readonly latenciesMs: Float64Array;
}

/** Where and how to send. */
export interface SendOptions {
  readonly url: string;
  readonly version: RemoteWriteVersion;
  readonly concurrency: number;
  readonly tenantOf?: (payload: number) => string;
  /** Times a request is tried again after a 5xx or a broken connection. */
  readonly retries?: number;
}

const contentTypes: Readonly<Record<RemoteWriteVersion, string>> = {
  1: "application/x-protobuf",
  2: "application/x-protobuf;proto=io.prometheus.write.v2.Request",
};

const versionHeaders: Readonly<Record<RemoteWriteVersion, string>> = { 1: "0.1.0", 2: "2.0.0" };

/**
 * Sends each payload once with the samples of `timeMs`, `concurrency` requests at a time. A
 * payload is patched right before it is sent, so its values move exactly once.
 */
export async function sendScrape(
  payloads: readonly Payload[],
  timeMs: number,
  options: SendOptions,
): Promise<SendReport> {
  const agent = agentFor(options.concurrency);
  const statuses = new Map<number, number>();
  const latencies: number[] = [];
  let samples = 0;
  let next = 0;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    for (let index = next++; index < payloads.length; index = next++) {
      const payload = payloads[index] as Payload;
      payload.advance(timeMs);
      const sent = performance.now();
      const status = await postWithRetries(payload, index, { agent, options });
      latencies.push(performance.now() - sent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 200 && status < 300) samples += payload.series.length;
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, lane));
  return {
    samples,
    wallSeconds: (performance.now() - began) / 1000,
    statuses,
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}

const agents = new Map<number, Agent>();

function agentFor(concurrency: number): Agent {
  const known = agents.get(concurrency);
  if (known !== undefined) return known;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  agents.set(concurrency, agent);
  return agent;
}

/** Closes the kept connections; call before the server goes away. */
export function closeConnections(): void {
  for (const agent of agents.values()) agent.destroy();
  agents.clear();
}

interface PostContext {
  readonly agent: Agent;
  readonly options: SendOptions;
}

async function postWithRetries(
  payload: Payload,
  index: number,
  context: PostContext,
): Promise<number> {
  let status = await post(payload, index, context);
  for (let i = 0; i < (context.options.retries ?? 0) && (status === 0 || status >= 500); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50 * (i + 1)));
    status = await post(payload, index, context);
  }
  return status;
}

function post(payload: Payload, index: number, { agent, options }: PostContext): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      options.url,
      {
        method: "POST",
        agent,
        headers: {
          "Content-Type": contentTypes[options.version],
          "Content-Encoding": "snappy",
          "X-Prometheus-Remote-Write-Version": versionHeaders[options.version],
          "Content-Length": payload.body.length,
          ...(options.tenantOf === undefined ? {} : { "X-Scope-OrgID": options.tenantOf(index) }),
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      },
    );
    call.on("error", () => resolve(0));
    call.end(payload.body);
  });
}
