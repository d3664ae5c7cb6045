import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { Timer } from "../../platform/base/index.ts";
import { type ExchangeWatch, type FrontHandler, watchExchange } from "./exchange.ts";
import type { InnerServer } from "./http1.ts";

/** Large enough that one upload is not paced by round trips; a stream holds no more of us. */
const streamWindowSizeBytes = 1024 * 1024;
const sessionWindowSizeBytes = 8 * 1024 * 1024;

/** Makes the server of the front port's HTTP/2 side. */
export function createHttp2(handler: FrontHandler, watch: ExchangeWatch): InnerServer {
  const { limits } = watch;
  const server = createServer({
    settings: {
      enablePush: false,
      initialWindowSize: streamWindowSizeBytes,
      maxConcurrentStreams: limits.streamsMax,
      maxHeaderListSize: limits.headersSizeBytesMax,
    },
    maxSessionMemory: Math.ceil(limits.sessionSizeBytesMax / 1_000_000),
    streamResetBurst: limits.resetsBurst,
    streamResetRate: limits.resetsPerSecond,
  });
  const sessions = new Set<ServerHttp2Session>();
  // The session of a connection is made, and announced, while the connection is given over.
  let accepting: Socket | undefined;
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // A broken connection concerns its streams, which have heard of it.
    session.on("error", () => undefined);
    session.setLocalWindowSize(sessionWindowSizeBytes);
    watchSession(session, accepting, watch);
    watchHello(session, watch);
  });
  /** False when the request was refused. */
  const begin = (request: Http2ServerRequest, response: Http2ServerResponse): boolean => {
    if (headersSizeBytes(request) > limits.headersSizeBytesMax) {
      response.writeHead(431).end();
      return false;
    }
    const exchange = watchExchange(request, response, watch);
    const { stream } = request;
    const onSilence = (): void => {
      if (!exchange.judgeSilence()) stream.setTimeout(limits.stallTimeoutMs, onSilence);
    };
    stream.setTimeout(limits.stallTimeoutMs, onSilence);
    return true;
  };
  server.on("request", (request, response) => {
    if (begin(request, response)) handler.handle(request, response);
  });
  server.on("checkContinue", (request, response) => {
    if (begin(request, response)) handler.handleExpectContinue(request, response);
  });
  server.on("sessionError", () => undefined);
  return {
    accept(socket) {
      // What HTTP/2 says after the other side has closed is said to nobody.
      socket.allowHalfOpen = false;
      accepting = socket;
      server.emit("connection", socket);
      accepting = undefined;
    },
    stop() {
      for (const session of sessions) session.close();
    },
  };
}

/** Cuts clients that send a preface and nothing else, or half of a first request. */
function watchHello(session: ServerHttp2Session, watch: ExchangeWatch): void {
  const { clock, limits } = watch;
  const cut = (): void => {
    watch.onCut("no-first-bytes");
    session.destroy();
  };
  const settings = clock.after(limits.firstBytesTimeoutMs, cut);
  const request = clock.after(limits.headersTimeoutMs, cut);
  session.once("remoteSettings", () => settings.cancel());
  session.once("stream", () => request.cancel());
  session.once("close", () => {
    settings.cancel();
    request.cancel();
  });
}

/** What clients were told in the settings and need not have heeded. */
function headersSizeBytes(request: Http2ServerRequest): number {
  let sizeBytes = 0;
  for (const text of request.rawHeaders) sizeBytes += text.length;
  return sizeBytes;
}

/**
 * Closes a session that is silent and has no streams, and pings one that has some: its peer
 * may be gone. The session's own timer is of no use, as its streams' timers restart it.
 */
function watchSession(
  session: ServerHttp2Session,
  socket: Socket | undefined,
  watch: ExchangeWatch,
): void {
  const { clock, limits } = watch;
  let streams = 0;
  session.on("stream", (stream) => {
    streams += 1;
    stream.once("close", () => {
      streams -= 1;
    });
  });
  let bytesRead = 0;
  let heardMs = clock.monotonicMs();
  let unanswered: Timer | undefined;
  const onSilence = (): void => {
    if (streams === 0) {
      session.close();
      session.destroy();
      return;
    }
    unanswered ??= clock.after(limits.pingTimeoutMs, () => {
      watch.onCut("ping-unanswered");
      session.destroy();
    });
    session.ping(() => undefined);
  };
  const ticks = clock.every(limits.keepAliveTimeoutMs / 4, () => {
    if (socket !== undefined && socket.bytesRead !== bytesRead) {
      bytesRead = socket.bytesRead;
      heardMs = clock.monotonicMs();
      unanswered?.cancel();
      unanswered = undefined;
    } else if (clock.monotonicMs() - heardMs >= limits.keepAliveTimeoutMs) {
      onSilence();
    }
  });
  session.once("close", () => {
    ticks.cancel();
    unanswered?.cancel();
  });
}
