import { type Clock, type Prng, sleep } from "../platform/base/index.ts";

/** When heads are looked at. */
export interface CutScheduleOptions {
  readonly clock: Clock;
  readonly prng: Prng;
  /** Time between two looks when nothing else happens. */
  readonly intervalMs: number;
  /** Resolves when a shard has noticed a wide head. */
  readonly raised: () => Promise<void>;
  /** Looks and cuts; tells how many cuts it made. */
  readonly check: () => Promise<number>;
  /** Ends the schedule. */
  readonly signal: AbortSignal;
}

/** Looks are so far apart, and further when a shard asked and nothing could be cut. */
const pauseMs = 1000;
const fruitlessPauseMs = 5000;

/** Looks at the heads at intervals, the first one at a random moment, and when a shard asks. */
export async function runCutSchedule(options: CutScheduleOptions): Promise<void> {
  const { clock, prng, intervalMs, check, signal } = options;
  let raised = options.raised();
  let waitMs = prng.next() * intervalMs;
  while (!signal.aborted) {
    const timer = new AbortController();
    const wait = AbortSignal.any([signal, timer.signal]);
    const due = sleep(clock, waitMs, wait).catch(() => undefined);
    const wasRaised = await Promise.race([due.then(() => false), raised.then(() => true)]);
    timer.abort();
    if (signal.aborted) return;
    if (wasRaised) raised = options.raised();
    const cuts = await check();
    waitMs = intervalMs;
    const isFruitless = wasRaised && cuts === 0;
    await sleep(clock, isFruitless ? fruitlessPauseMs : pauseMs, signal).catch(() => undefined);
  }
}
