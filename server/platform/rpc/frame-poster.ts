import { type Frame, frameKind, type Port } from "./port-frames.ts";

/** What stands in for a frame that cannot be cloned. */
type Replace = (thrown: unknown) => Frame;

interface Waiting {
  readonly frame: Frame;
  readonly transfer: readonly ArrayBuffer[];
  readonly replace: Replace;
}

/**
 * Posts frames through a port. Waking the other thread costs more than a small frame does, so
 * what one turn of the event loop posts goes as one message, in its order.
 */
export class FramePoster {
  readonly #port: Port;
  #waiting: Waiting[] = [];
  #closed = false;

  constructor(port: Port) {
    this.#port = port;
  }

  /**
   * Posts when this turn ends. The buffers in `transfer` are the receiver's from then on. Where
   * the frame cannot be cloned, the one that `replace` gives goes in its place.
   */
  post(frame: Frame, replace: Replace, transfer: readonly ArrayBuffer[] = none): void {
    if (this.#closed) return;
    if (this.#waiting.length === 0) process.nextTick(this.#flush);
    this.#waiting.push({ frame, transfer, replace });
    if (this.#waiting.length >= framesMax) this.#flush();
  }

  /** Posts what waits and closes the port. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#port.close();
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    if (waiting.length === 0 || this.#closed) return;
    this.#waiting = [];
    if (waiting.length > 1 && this.#postAll(waiting)) return;
    for (const one of waiting) this.#postOne(one);
  };

  /** False, and nothing is posted, when one of them cannot be cloned. */
  #postAll(waiting: readonly Waiting[]): boolean {
    const frames = waiting.map(({ frame }) => frame);
    const transfer = waiting.flatMap((one) => one.transfer);
    try {
      this.#port.postMessage([frameKind.several, frames], transfer);
      return true;
    } catch {
      return false;
    }
  }

  #postOne({ frame, transfer, replace }: Waiting): void {
    try {
      this.#port.postMessage(frame, transfer);
    } catch (thrown) {
      this.#port.postMessage(replace(thrown));
    }
  }
}

/** A long turn need not end before the other thread has something to do. */
const framesMax = 4;

const none: readonly ArrayBuffer[] = [];

/** The frames of what came through a port, each to `receive`, in order. */
export function eachFrame<T extends Frame>(posted: unknown, receive: (frame: T) => void): void {
  const frame = posted as T | readonly [typeof frameKind.several, readonly T[]];
  if (frame[0] === frameKind.several) for (const one of frame[1]) receive(one);
  else receive(frame);
}
