import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Exchange, type ExchangeWatch, type FrontHandler, watchExchange } from "./exchange.ts";

/** Header timeouts are looked for so often; a second is fine for timeouts of many. */
const sweepIntervalMsMax = 1_000;

/** An HTTP/1.1 server without a port of its own. */
export interface InnerServer {
  /** Serves a connection whose first bytes wait in the socket, which is paused. */
  accept(socket: Socket): void;
  /** Ends idle connections at once and the others with their answer. */
  stop(): void;
}

/** Makes the server of the front port's HTTP/1.1 side. */
export function createHttp1(handler: FrontHandler, watch: ExchangeWatch): InnerServer {
  const { limits } = watch;
  const exchanges = new WeakMap<Socket, Exchange>();
  const open = new Set<ServerResponse>();
  const server = createServer({
    maxHeaderSize: limits.headersSizeBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    // Watched by exchange.ts, which knows of calls that may take long.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(sweepIntervalMsMax, limits.headersTimeoutMs / 2),
  });
  let stopping = false;
  const begin = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    exchanges.set(socket, watchExchange(request, response, watch));
    open.add(response);
    if (stopping) response.shouldKeepAlive = false;
    response.once("close", () => {
      open.delete(response);
      exchanges.delete(socket);
      if (stopping) socket.end();
    });
  };
  server.on("request", (request, response) => {
    begin(request, response);
    handler.handle(request, response);
  });
  server.on("checkContinue", (request, response) => {
    begin(request, response);
    handler.handleExpectContinue(request, response);
  });
  server.timeout = limits.stallTimeoutMs;
  server.on("timeout", (socket) => {
    const exchange = exchanges.get(socket);
    if (exchange === undefined) socket.destroy();
    else if (!exchange.judgeSilence()) socket.setTimeout(limits.stallTimeoutMs);
  });
  startTimers(server);
  return {
    accept(socket) {
      server.emit("connection", socket);
      process.nextTick(() => socket.resume());
    },
    stop() {
      stopping = true;
      for (const response of open) response.shouldKeepAlive = false;
      server.close();
      server.closeIdleConnections();
    },
  };
}

/** An HTTP server begins to look for late headers when it listens; ours never does. */
function startTimers(server: Server): void {
  server.emit("listening");
}
