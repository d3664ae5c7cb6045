/** The client for Node: gRPC, or the Connect protocol over HTTP/1.1. */
import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { type Connection, clientOver, headersInterceptor } from "./client.ts";
import type { UrdClient, UrdClientOptions } from "./types.ts";

export * from "./exports.ts";

/** What a client in Node takes beside what all take. */
export interface UrdNodeClientOptions extends UrdClientOptions {
  /**
   * `grpc` (when left out): many calls at once share one HTTP/2 connection. `connect`: HTTP/1.1,
   * which passes every proxy and carries large batches for half the CPU.
   */
  readonly transport?: "grpc" | "connect";
  /** Compresses both ways with gzip: for slow lines. */
  readonly compression?: boolean;
}

/**
 * Makes a client; nothing is sent before the first call.
 *
 * ```ts
 * const client = createUrdClient({ baseUrl: "http://localhost:9009" });
 * const { series } = await client.queryInstant("up").collect();
 * client.close();
 * ```
 */
export function createUrdClient(options: UrdNodeClientOptions): UrdClient {
  return clientOver(connect(options), options);
}

function connect(options: UrdNodeClientOptions): Connection {
  const { baseUrl } = options;
  const common = {
    baseUrl,
    interceptors: [headersInterceptor(options)],
    acceptCompression: options.compression === true ? [compressionGzip] : [],
    ...(options.compression === true ? { sendCompression: compressionGzip } : {}),
  };
  if (options.transport === "connect") {
    const isTls = baseUrl.startsWith("https:");
    const agent = isTls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
    const nodeOptions = { agent };
    return {
      transport: createConnectTransport({ ...common, httpVersion: "1.1", nodeOptions }),
      close: () => agent.destroy(),
    };
  }
  const sessionManager = new Http2SessionManager(baseUrl);
  return {
    transport: createGrpcTransport({ ...common, sessionManager }),
    close: () => sessionManager.abort(),
  };
}
