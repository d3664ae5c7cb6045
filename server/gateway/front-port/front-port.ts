/**
 * The one public port: HTTP/1.1 and HTTP/2 without TLS on the same number. A connection's
 * first bytes tell which; then it belongs to one of two inner servers, which have no port of
 * their own and share one handler. A TLS listener would come in at `#accept` with the
 * protocol that ALPN chose.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Clock, defined, sleep } from "../../platform/base/index.ts";
import type { CutReason, ExchangeWatch, FrontHandler, FrontRequest } from "./exchange.ts";
import { createHttp1, type InnerServer } from "./http1.ts";
import { createHttp2 } from "./http2.ts";
import type { FrontPortLimits } from "./limits.ts";
import { type Protocol, sniff } from "./sniff.ts";

/** What a front port is made of. */
export interface FrontPortOptions {
  readonly handler: FrontHandler;
  readonly limits: FrontPortLimits;
  readonly clock: Clock;
  /** Requests whose body may stay open and silent; none when left out. */
  readonly isLongLived?: (request: FrontRequest) => boolean;
  /** Hears of each client that was cut off, for metrics and the log. */
  readonly onCut?: (reason: CutReason) => void;
}

/** A port that listens, or will. */
export interface FrontPort {
  /** Resolves with the port number when connections are taken; port 0 chooses one. */
  listen(host: string, port: number): Promise<number>;
  readonly connections: number;
  /**
   * Takes no more connections, lets requests under way finish for `graceMs`, then destroys
   * what is left. Idempotent.
   */
  close(graceMs: number): Promise<void>;
}

/** Makes the front port; nothing listens before `listen`. */
export function createFrontPort(options: FrontPortOptions): FrontPort {
  return new SniffingPort(options);
}

const keepAliveDelayMs = 60_000;

class SniffingPort implements FrontPort {
  readonly #options: FrontPortOptions;
  readonly #watch: ExchangeWatch;
  readonly #server: Server;
  readonly #inner: Readonly<Record<Protocol, InnerServer>>;
  readonly #sockets = new Set<Socket>();
  readonly #undecided = new Set<Socket>();
  #closed: Promise<void> | undefined;

  constructor(options: FrontPortOptions) {
    const { handler, limits, clock } = options;
    this.#options = options;
    this.#watch = {
      clock,
      limits,
      isLongLived: options.isLongLived ?? (() => false),
      onCut: options.onCut ?? (() => undefined),
    };
    this.#inner = {
      http1: createHttp1(handler, this.#watch),
      http2: createHttp2(handler, this.#watch),
    };
    // Half-open: an HTTP/1.1 client may close its side and still wait for the answer.
    const socketOptions = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    };
    this.#server = createServer(socketOptions, (socket) => this.#accept(socket));
    this.#server.maxConnections = limits.connectionsMax;
    this.#server.on("drop", () => this.#watch.onCut("too-many-connections"));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        const address = defined(this.#server.address(), "the address of a listening port");
        resolve((address as AddressInfo).port);
      });
    });
  }

  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#stop(graceMs);
    return this.#closed;
  }

  async #stop(graceMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#undecided) socket.destroy();
    this.#inner.http1.stop();
    this.#inner.http2.stop();
    const graceOver = new AbortController();
    const grace = sleep(this.#options.clock, graceMs, graceOver.signal).catch(() => undefined);
    await Promise.race([ended, grace]);
    graceOver.abort();
    for (const socket of this.#sockets) socket.destroy();
    await ended;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    this.#undecided.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#undecided.delete(socket);
    });
    // A connection that breaks has nobody to tell; its requests hear 'close'.
    socket.on("error", () => undefined);
    const { clock, limits } = this.#options;
    sniff(
      socket,
      { clock, timeoutMs: limits.firstBytesTimeoutMs },
      {
        silent: () => this.#watch.onCut("no-first-bytes"),
        decided: (protocol) => {
          this.#undecided.delete(socket);
          this.#inner[protocol].accept(socket);
        },
      },
    );
  }
}
