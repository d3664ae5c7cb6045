import type { Clock } from "../platform/base/index.ts";

/** How many retries all calls on a bucket may make together. */
export interface RetryBudgetOptions {
  /** Retries that may be made at once, after a quiet time. */
  readonly burst: number;
  /** What each call that succeeds adds. 0.2: at most a fifth of the load is retries. */
  readonly perSuccess: number;
  /** What each second adds, so that a bucket that is seldom used is not given up. */
  readonly perSecond: number;
}

/**
 * Bounds retries over all calls of a bucket: when most calls fail, trying each of them six times
 * would only keep the store down. Not over: single failures among successes are all retried.
 */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor(options: RetryBudgetOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#tokens = options.burst;
    this.#atMs = clock.monotonicMs();
  }

  /** A call succeeded. */
  succeeded(): void {
    this.#add(this.#options.perSuccess);
  }

  /** Takes the right to one retry; false when there is none. */
  take(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#add(((nowMs - this.#atMs) / 1000) * this.#options.perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#options.burst, this.#tokens + tokens);
  }
}
