import { clientErrorOf, UrdClientError } from "./errors.ts";

/** How often and how patiently a call is tried again. */
export interface RetryOptions {
  /** Tries in all; 1 never tries again. */
  readonly attemptsMax: number;
  /** Longest wait after the first failure, ms; it doubles with each further one… */
  readonly delayMsMin: number;
  /** …up to this. A longer wait that the server asks for is kept. */
  readonly delayMsMax: number;
}

/** Half a minute of patience: enough for a server that restarts. */
export const defaultRetry: RetryOptions = { attemptsMax: 8, delayMsMin: 100, delayMsMax: 10_000 };

/** Time and chance, as parameters for tests. */
export interface World {
  readonly sleep: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The machine's. */
export const systemWorld: World = { sleep, random: () => Math.random() };

/**
 * Calls `attempt` until it succeeds, fails for good, or patience ends; throws the last error.
 * Waits are random between half and the whole of the current delay, so that clients that
 * failed together do not come back together.
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  retry: RetryOptions,
  call: { readonly world: World; readonly signal: AbortSignal | undefined },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = clientErrorOf(thrown);
      if (!error.retryable || tries >= retry.attemptsMax) throw error;
      const delayMs = Math.min(retry.delayMsMax, retry.delayMsMin * 2 ** (tries - 1));
      const jitteredMs = delayMs * (0.5 + call.world.random() / 2);
      await call.world.sleep(Math.max(jitteredMs, error.retryAfterMs ?? 0), call.signal);
    }
  }
}

function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(cancelled(signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The error of a call that its own program aborted. */
export function cancelled(reason: unknown): UrdClientError {
  const isTimeout = reason instanceof DOMException && reason.name === "TimeoutError";
  return isTimeout
    ? new UrdClientError("The call did not end before its deadline.", {
        id: "err-urd-rpc-deadline-exceeded",
        code: "DEADLINE_EXCEEDED",
        retryable: false,
        cause: reason,
      })
    : new UrdClientError("The call was cancelled.", {
        id: "err-urd-rpc-cancelled",
        code: "CANCELLED",
        retryable: false,
        cause: reason,
      });
}
