import { urdError } from "../model/index.ts";
import { type Clock, type Prng, sleep, UrdError } from "../platform/base/index.ts";
import { aroundCalls, type PassingCall } from "./around-calls.ts";
import type { Bucket, BucketCall } from "./bucket.ts";
import { unavailable } from "./faults.ts";
import type { BucketMetrics } from "./metrics.ts";
import { RetryBudget, type RetryBudgetOptions } from "./retry-budget.ts";

/** How often and how long a call is tried. */
export interface RetryPolicy {
  /** Attempts of one call, the first included. */
  readonly attemptsMax: number;
  /** One attempt may take this long, its body included; a stalled one is given up then. */
  readonly attemptTimeoutMs: number;
  /** All attempts and pauses of a call together, when the caller sets no time of its own. */
  readonly callTimeoutMs: number;
  /** The pause before retry n is random, from 0 to `backoffMinMs * 2^(n-1)` ... */
  readonly backoffMinMs: number;
  /** ... but to this at most. A pause that the store asks for is kept to up to this as well. */
  readonly backoffMaxMs: number;
  readonly budget: RetryBudgetOptions;
}

/**
 * Six attempts over at most two minutes. 30 s for one attempt moves 8 MiB at 280 KB/s; what is
 * slower than that does not serve queries anyway. Pauses: 100 ms to 5 s, as the SDKs have them.
 */
export const defaultRetryPolicy: RetryPolicy = {
  attemptsMax: 6,
  attemptTimeoutMs: 30_000,
  callTimeoutMs: 120_000,
  backoffMinMs: 100,
  backoffMaxMs: 5_000,
  budget: { burst: 50, perSuccess: 0.2, perSecond: 1 },
};

/** What retries need of the world. */
export interface RetryWorld {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly metrics?: BucketMetrics;
}

/**
 * The same bucket, persistent: a call that fails with `bucket-unavailable` is tried again, with
 * full jitter, until it succeeds or attempts, time or the bucket's retry budget are spent; then
 * it fails with `bucket-unavailable` and says how often it was tried. Every call ends in time,
 * whatever the driver does. All operations are safe to repeat by the contract of Bucket.
 */
export function retrying(bucket: Bucket, policy: RetryPolicy, world: RetryWorld): Bucket {
  const budget = new RetryBudget(policy.budget, world.clock);
  return aroundCalls(bucket, (passing) => tryUntilDone(passing, { bucket, policy, world, budget }));
}

interface Retries {
  readonly bucket: Bucket;
  readonly policy: RetryPolicy;
  readonly world: RetryWorld;
  readonly budget: RetryBudget;
}

async function tryUntilDone<T>(passing: PassingCall<T>, retries: Retries): Promise<T> {
  const { policy, world, budget } = retries;
  const { signal, timeoutMs } = passing.call;
  const startMs = world.clock.monotonicMs();
  const callTimeoutMs = Math.max(0, timeoutMs ?? policy.callTimeoutMs);
  for (let attempt = 1; ; attempt++) {
    const leftMs = callTimeoutMs - (world.clock.monotonicMs() - startMs);
    try {
      const result = await tryOnce(passing, Math.min(policy.attemptTimeoutMs, leftMs), retries);
      budget.succeeded();
      return result;
    } catch (error) {
      if (!isWorthRetrying(error) || signal?.aborted === true) throw error;
      const pauseMs = pauseBefore(attempt, error, retries);
      const elapsedMs = world.clock.monotonicMs() - startMs;
      const outOfTime = elapsedMs + pauseMs >= callTimeoutMs;
      const given = attempt === policy.attemptsMax || outOfTime;
      if (given || !hasBudget(retries)) throw afterAttempts(error, attempt, elapsedMs);
      world.metrics?.retried(passing.operation);
      await sleep(world.clock, pauseMs, signal);
    }
  }
}

/** One attempt; it ends after `timeoutMs` even when the driver does not listen to its signal. */
function tryOnce<T>(passing: PassingCall<T>, timeoutMs: number, retries: Retries): Promise<T> {
  const { bucket, world } = retries;
  const caller = passing.call.signal;
  return new Promise((resolve, reject) => {
    if (caller?.aborted === true) {
      reject(caller.reason as Error);
      return;
    }
    const controller = new AbortController();
    const stop = (reason: unknown): void => {
      controller.abort(reason);
      finish(() => reject(reason as Error));
    };
    const onCallerAbort = (): void => stop(caller?.reason);
    const timer = world.clock.after(timeoutMs, () => {
      const attempt = `${passing.operation} ${passing.name}`;
      const why = `no answer within ${Math.round(timeoutMs)} ms`;
      stop(unavailable({ address: bucket.address, attempt }, why));
    });
    const finish = (settle: () => void): void => {
      timer.cancel();
      caller?.removeEventListener("abort", onCallerAbort);
      settle();
    };
    caller?.addEventListener("abort", onCallerAbort, { once: true });
    const call: BucketCall = { signal: controller.signal, timeoutMs };
    passing.run(call).then(
      (result) => finish(() => resolve(result)),
      (error: unknown) => finish(() => reject(error as Error)),
    );
  });
}

function isWorthRetrying(error: unknown): error is UrdError {
  return error instanceof UrdError && error.id === "err-urd-bucket-unavailable";
}

function pauseBefore(retry: number, error: UrdError, { policy, world }: Retries): number {
  const bound = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** (retry - 1));
  const asked = Math.min(policy.backoffMaxMs, error.retryAfterMs ?? 0);
  return Math.max(asked, world.prng.next() * bound);
}

function hasBudget({ budget, world }: Retries): boolean {
  if (budget.take()) return true;
  world.metrics?.budgetSpent();
  return false;
}

function afterAttempts(error: UrdError, attempts: number, elapsedMs: number): UrdError {
  if (attempts === 1) return error;
  const seconds = (elapsedMs / 1000).toFixed(1);
  const message = `${error.message} (tried ${attempts} times in ${seconds} s)`;
  return urdError("bucket-unavailable", message, { cause: error });
}
