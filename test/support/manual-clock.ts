import type { Clock, Timer } from "../../server/platform/base/index.ts";

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** Moves time forward and runs the timers that fall due, in order. */
  advance(byMs: number): void;
}

interface Due {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** Starts at `startMs` since the Unix epoch. */
export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = 0;
  const timers = new Set<Due>();
  const start = (delayMs: number, everyMs: number | undefined, run: () => void): Timer => {
    const due: Due = { atMs: nowMs + delayMs, everyMs, run };
    timers.add(due);
    return { cancel: () => void timers.delete(due) };
  };
  const runNext = (untilMs: number): boolean => {
    const [next] = [...timers].filter((due) => due.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    nowMs = Math.max(nowMs, next.atMs);
    if (next.everyMs === undefined) timers.delete(next);
    else next.atMs += next.everyMs;
    next.run();
    return true;
  };
  return {
    nowMs: () => startMs + nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => start(delayMs, undefined, run),
    every: (intervalMs, run) => start(intervalMs, intervalMs, run),
    advance(byMs) {
      const untilMs = nowMs + byMs;
      while (runNext(untilMs));
      nowMs = untilMs;
    },
  };
}
