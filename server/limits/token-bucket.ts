import type { Clock } from "../platform/base/index.ts";

/** A rate with a burst: tokens flow in at `ratePerSecond` up to `burst`. Zero rate: no limit. */
export interface Rate {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/**
 * Counts what a tenant may still do. Starts full. Takes all or nothing: a request that is
 * refused costs no token, so a tenant over its limit is not punished for asking again.
 */
export class TokenBucket {
  readonly #clock: Clock;
  #rate: Rate;
  #tokens: number;
  #filledMs: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledMs = clock.monotonicMs();
  }

  /** Changes the rate; tokens beyond a smaller burst are lost, a larger one fills with time. */
  setRate(rate: Rate): void {
    this.#fill();
    this.#rate = rate;
    this.#tokens = Math.min(this.#tokens, rate.burst);
  }

  /** Takes `tokens` when they are there; false when not. */
  take(tokens: number): boolean {
    if (this.#rate.ratePerSecond === 0) return true;
    this.#fill();
    if (tokens > this.#tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  #fill(): void {
    const nowMs = this.#clock.monotonicMs();
    const flowed = ((nowMs - this.#filledMs) / 1000) * this.#rate.ratePerSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + flowed);
    this.#filledMs = nowMs;
  }
}
