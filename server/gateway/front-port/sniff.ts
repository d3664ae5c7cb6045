import type { Socket } from "node:net";
import type { Clock } from "../../platform/base/index.ts";

/** Protocols that the front port tells apart. */
export type Protocol = "http1" | "http2";

/** What every HTTP/2 client sends first; no method of HTTP/1.1 is called PRI. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** The protocol that some first bytes belong to; undefined while they fit both. */
export function protocolOf(head: Uint8Array): Protocol | undefined {
  const length = Math.min(head.length, preface.length);
  for (let at = 0; at < length; at++) if (head[at] !== preface[at]) return "http1";
  return length === preface.length ? "http2" : undefined;
}

/**
 * Waits for the bytes that tell the protocol, gives them back to the socket, pauses it and
 * calls `decided`. Without them in time, or when the other side closes first, the socket is
 * destroyed; `silent` hears of the former.
 */
export function sniff(
  socket: Socket,
  wait: { readonly clock: Clock; readonly timeoutMs: number },
  on: { readonly decided: (protocol: Protocol) => void; readonly silent: () => void },
): void {
  let head: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  const timer = wait.clock.after(wait.timeoutMs, () => {
    on.silent();
    socket.destroy();
  });
  const leave = (): void => {
    timer.cancel();
    socket.off("data", onData).off("end", drop).off("close", leave);
  };
  const drop = (): void => {
    leave();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const protocol = protocolOf(head);
    if (protocol === undefined) return;
    leave();
    socket.pause();
    socket.unshift(head);
    on.decided(protocol);
  };
  socket.on("data", onData).on("end", drop).on("close", leave);
}
