import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one exchange. */
export type ProxyFault =
  /** The request waits before it is passed on. */
  | { readonly kind: "latency"; readonly delayMs: number }
  /** The connection is reset before the server sees the request. */
  | { readonly kind: "reset" }
  /** The server has done what it was asked for; its answer is lost with the connection. */
  | { readonly kind: "lost-answer" }
  /** An answer of the proxy's own. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Record<string, string> }
  /** Head and half of the answer's body come, then nothing more. */
  | { readonly kind: "stall" }
  /** Head and half of the answer's body come, then the connection is reset. */
  | { readonly kind: "cut" }
  /** Half of the answer's body comes as if it were whole: the length says so too. */
  | { readonly kind: "short" };

/** An exchange as a test sees it to decide what goes wrong. */
export interface ProxiedExchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Number of the exchange since `inject`, from 1 on. */
  readonly number: number;
}

/** A proxy in front of one HTTP server, which breaks what the test tells it to. */
export interface FaultProxy {
  readonly port: number;
  /** Decides for each later exchange; undefined lets it through. */
  inject(decide: (exchange: ProxiedExchange) => ProxyFault | undefined): void;
  /** Exchanges since `inject`. */
  readonly exchanges: number;
  close(): Promise<void>;
}

/** Starts a proxy before `targetPort` on loopback. The Host header goes through as it is. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  let decide: (exchange: ProxiedExchange) => ProxyFault | undefined = () => undefined;
  let exchanges = 0;
  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    const path = incoming.url ?? "/";
    const fault = decide({ method: incoming.method ?? "", path, number: ++exchanges });
    pass({ incoming, outgoing, agent, targetPort }, fault);
  });
  // S3's client waits for "100 Continue"; the server behind is not asked, the body comes anyway.
  server.on("checkContinue", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.writeContinue();
    server.emit("request", incoming, outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    inject(next) {
      exchanges = 0;
      decide = next;
    },
    get exchanges() {
      return exchanges;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Passing {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly agent: Agent;
  readonly targetPort: number;
}

function pass(passing: Passing, fault: ProxyFault | undefined): void {
  const { incoming, outgoing } = passing;
  switch (fault?.kind) {
    case "reset":
      incoming.socket.resetAndDestroy();
      return;
    case "status":
      // A server that refuses reads the request first, or its client may not see the answer.
      incoming.resume().on("end", () => {
        outgoing.writeHead(fault.status, { "content-length": 0, ...fault.headers }).end();
      });
      return;
    case "latency":
      setTimeout(() => forward(passing, undefined), fault.delayMs);
      return;
    default:
      forward(passing, fault);
  }
}

function forward({ incoming, outgoing, agent, targetPort }: Passing, fault?: ProxyFault): void {
  const headers = { ...incoming.headers };
  delete headers["expect"];
  const upstream = sendRequest(
    {
      host: "127.0.0.1",
      port: targetPort,
      agent,
      method: incoming.method,
      path: incoming.url,
      headers,
    },
    (answer) => {
      answer.on("error", () => outgoing.destroy());
      if (fault === undefined) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
        answer.pipe(outgoing);
      } else spoil(answer, outgoing, fault);
    },
  );
  upstream.on("error", () => outgoing.destroy());
  incoming.pipe(upstream);
}

function spoil(answer: IncomingMessage, outgoing: ServerResponse, fault: ProxyFault): void {
  const pieces: Buffer[] = [];
  answer.on("data", (piece: Buffer) => pieces.push(piece));
  answer.on("end", () => {
    if (fault.kind === "lost-answer") {
      outgoing.socket?.resetAndDestroy();
      return;
    }
    const body = Buffer.concat(pieces);
    const half = body.subarray(0, body.length >>> 1);
    const headers = { ...answer.headers };
    if (fault.kind === "short") headers["content-length"] = String(half.length);
    outgoing.writeHead(answer.statusCode ?? 502, headers);
    outgoing.flushHeaders();
    if (fault.kind === "short") outgoing.end(half);
    else {
      outgoing.write(half, () => {
        if (fault.kind === "cut") setTimeout(() => outgoing.socket?.resetAndDestroy(), 20);
      });
    }
  });
}
