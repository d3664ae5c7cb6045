import { urdError } from "../model/index.ts";
import { type Clock, UrdError } from "../platform/base/index.ts";

/** The end of one query from outside: its time is up, or its caller has gone. */
export interface QueryDeadline {
  /** Aborts with the error that the query shall fail with, in Prometheus's words. */
  readonly signal: AbortSignal;
  /** Ends the query as if its caller had gone. */
  cancel(): void;
  /** Lets go of the timer and of the caller's signal; idempotent. */
  end(): void;
}

/** What bounds a query. */
export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Aborts when the caller leaves or its own deadline passes. */
  readonly caller: AbortSignal;
}

const expired = "err-urd-rpc-deadline-exceeded";

/** Starts the clock. */
export function startDeadline({ clock, timeoutMs, caller }: DeadlineOptions): QueryDeadline {
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => controller.abort(timeoutError()));
  const leave = (): void => {
    const reason: unknown = caller.reason;
    const isLate = reason instanceof UrdError && reason.id === expired;
    controller.abort(isLate ? timeoutError() : cancelledError());
  };
  if (caller.aborted) leave();
  else caller.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    cancel: () => controller.abort(cancelledError()),
    end() {
      timer.cancel();
      caller.removeEventListener("abort", leave);
    },
  };
}

function timeoutError(): UrdError {
  return urdError("query-timeout", "query timed out in expression evaluation");
}

function cancelledError(): UrdError {
  return urdError("query-cancelled", "query was canceled in expression evaluation");
}
