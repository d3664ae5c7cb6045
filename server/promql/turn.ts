import type { Clock } from "../platform/base/index.ts";

/** Lets others run: a long query gives up the thread every few milliseconds. */
export interface TurnTaker {
  /** Undefined while the turn lasts, else a promise that resolves with the next turn. */
  maybeYield(): Promise<void> | undefined;
}

/** Takes turns of `turnMs` on the event loop: input and timers run between them. */
export function createTurnTaker(clock: Clock, turnMs: number): TurnTaker {
  let startedMs = clock.monotonicMs();
  return {
    maybeYield() {
      if (clock.monotonicMs() - startedMs < turnMs) return undefined;
      return new Promise((resolve) => {
        setImmediate(() => {
          startedMs = clock.monotonicMs();
          resolve();
        });
      });
    },
  };
}
