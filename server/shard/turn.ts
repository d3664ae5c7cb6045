import type { Clock } from "../platform/base/index.ts";

/** Lets everything that waits for the thread run once: messages, batches, other queries. */
export function yieldTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The share of the thread that one piece of work has at a time. */
export class Turn {
  readonly #clock: Clock;
  readonly #lengthMs: number;
  #endMs: number;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
    this.#endMs = clock.monotonicMs() + lengthMs;
  }

  /** True when the turn has lasted long enough: `await next()` before going on. */
  get over(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs;
  }

  /** Gives up the turn and begins the next one. */
  async next(): Promise<void> {
    await yieldTurn();
    this.#endMs = this.#clock.monotonicMs() + this.#lengthMs;
  }
}
