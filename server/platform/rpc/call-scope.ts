import type { Clock, Timer, UrdError } from "../base/index.ts";
import { cancelledError, rpcError } from "./errors.ts";
import type { CallContext, CallHeaders, CallOptions } from "./types.ts";

const noHeaders: CallHeaders = {};

/**
 * The life of one call on one side: it may fail once, by cancellation, deadline or loss of the
 * transport, and is closed once. It is the handlers' CallContext.
 */
export class CallScope implements CallContext {
  readonly headers: CallHeaders;
  readonly #clock: Clock;
  readonly #deadlineMs: number | undefined;
  readonly #callerSignal: AbortSignal | undefined;
  #failure: UrdError | undefined;
  readonly #listeners = new Set<(failure: UrdError) => void>();
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: CallOptions, clock: Clock) {
    this.headers = options.headers ?? noHeaders;
    this.#clock = clock;
    this.#callerSignal = options.signal;
    this.#deadlineMs =
      options.timeoutMs === undefined ? undefined : clock.monotonicMs() + options.timeoutMs;
  }

  /** Begins to watch the caller's signal and the deadline. */
  watch(): void {
    const signal = this.#callerSignal;
    if (signal !== undefined) {
      if (signal.aborted) this.#onCallerAbort();
      else signal.addEventListener("abort", this.#onCallerAbort, { once: true });
    }
    this.#watchDeadline();
  }

  get failure(): UrdError | undefined {
    return this.#failure;
  }

  get timeoutMs(): number | undefined {
    if (this.#deadlineMs === undefined) return undefined;
    return Math.max(0, this.#deadlineMs - this.#clock.monotonicMs());
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failure !== undefined) this.#controller.abort(this.#failure);
      else if (!this.#closed) this.#watchDeadline();
    }
    return this.#controller.signal;
  }

  /** Fails the call unless it failed before or is closed. */
  fail(failure: UrdError): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#failure = failure;
    this.#unwatch();
    this.#controller?.abort(failure);
    for (const listener of [...this.#listeners]) listener(failure);
    this.#listeners.clear();
  }

  /** Ends the call; nothing can fail it afterwards. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listeners.clear();
    this.#unwatch();
  }

  /** Calls `listener` when the call fails; at once when it has failed already. */
  onFailure(listener: (failure: UrdError) => void): void {
    if (this.#failure !== undefined) listener(this.#failure);
    else if (!this.#closed) this.#listeners.add(listener);
  }

  /** Settles as `work` does, or rejects as soon as the call fails. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onFailure(reject);
      work.then(
        (value) => {
          this.#listeners.delete(reject);
          resolve(value);
        },
        (reason: unknown) => {
          this.#listeners.delete(reject);
          reject(reason as Error);
        },
      );
    });
  }

  #watchDeadline(): void {
    if (this.#deadlineMs === undefined || this.#timer !== undefined) return;
    if (this.#failure !== undefined) return;
    this.#timer = this.#clock.after(this.timeoutMs ?? 0, () => {
      this.fail(rpcError("rpc-deadline-exceeded", "The call did not end before its deadline."));
    });
  }

  readonly #onCallerAbort = (): void => {
    this.fail(cancelledError(this.#callerSignal?.reason));
  };

  #unwatch(): void {
    this.#timer?.cancel();
    this.#callerSignal?.removeEventListener("abort", this.#onCallerAbort);
  }
}

/**
 * Reads `source` on behalf of a call: fails when the call does, even while `source` is busy,
 * and stops `source` when the reader leaves early.
 */
export async function* readScoped<T>(
  source: AsyncIterable<T>,
  scope: CallScope,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await scope.race(iterator.next());
      if (step.done === true) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } finally {
    if (!ended) stop(iterator);
  }
}

/** Tells an iterator that nobody reads on; not waited for, as it may be busy for long. */
export function stop(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => undefined);
}
