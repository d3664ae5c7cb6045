import type { CallOptions, Transport } from "@connectrpc/connect";
import { clientErrorOf, type UrdClientError } from "./errors.ts";
import { cancelled, type RetryOptions, type World, withRetry } from "./retry.ts";
import type { UrdCallOptions } from "./types.ts";

/** What every kind of call stands on. */
export interface CallParts {
  readonly transport: Transport;
  readonly retry: RetryOptions;
  readonly timeoutMs: number;
  readonly world: World;
}

/** The time that one call of a user may take, shared by its tries and batches. */
export interface CallBudget {
  /** Aborts with the user's signal and at the deadline. */
  readonly signal: AbortSignal;
  /** Options of the next try: what is left. */
  options(): CallOptions;
  /** Tells the server that nobody waits any more; harmless when the call is over. */
  leave(): void;
  /** What a failure means, seen from outside. */
  errorOf(thrown: unknown): UrdClientError;
}

/** Starts the clock of a call. */
export function openBudget(call: UrdCallOptions, parts: CallParts): CallBudget {
  const timeoutMs = call.timeoutMs ?? parts.timeoutMs;
  const endMs = performance.now() + timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const left = new AbortController();
  const signal = AbortSignal.any([timeout, left.signal, ...(call.signal ? [call.signal] : [])]);
  return {
    signal,
    leave: () => left.abort(),
    // Whole milliseconds: the protocols know no fractions.
    options: () => ({ signal, timeoutMs: Math.max(1, Math.ceil(endMs - performance.now())) }),
    errorOf: (thrown) => (signal.aborted ? cancelled(signal.reason) : clientErrorOf(thrown)),
  };
}

/** Tries a call until it succeeds, fails for good, or its budget is spent. */
export function tryWithin<T>(
  budget: CallBudget,
  parts: CallParts,
  attempt: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const once = async (): Promise<T> => {
    try {
      return await attempt(budget.options());
    } catch (thrown) {
      throw budget.errorOf(thrown);
    }
  };
  return withRetry(once, parts.retry, { world: parts.world, signal: budget.signal });
}
