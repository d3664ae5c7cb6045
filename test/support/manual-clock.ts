import type { Clock } from "../../server/platform/base/index.ts";

/** A clock that a test moves. Timers run inside `advance`, in the order of their times. */
export interface ManualClock extends Clock {
  advance(durationMs: number): void;
}

interface Waiting {
  atMs: number;
  readonly run: () => void;
  readonly intervalMs: number | undefined;
}

/** A clock that stands at `startMs` since the Unix epoch. */
export function createManualClock(startMs: number = 1_700_000_000_000): ManualClock {
  let elapsedMs = 0;
  const timers = new Set<Waiting>();
  const add = (timer: Waiting) => {
    timers.add(timer);
    return { cancel: () => void timers.delete(timer) };
  };
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => add({ atMs: elapsedMs + delayMs, run, intervalMs: undefined }),
    every: (intervalMs, run) => add({ atMs: elapsedMs + intervalMs, run, intervalMs }),
    advance(durationMs) {
      const endMs = elapsedMs + durationMs;
      for (;;) {
        const due = [...timers].filter((timer) => timer.atMs <= endMs);
        const next = due.sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        elapsedMs = next.atMs;
        if (next.intervalMs === undefined) timers.delete(next);
        else next.atMs += next.intervalMs;
        next.run();
      }
      elapsedMs = endMs;
    },
  };
}
