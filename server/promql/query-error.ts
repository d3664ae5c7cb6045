import { urdError } from "../model/index.ts";
import { UrdError } from "../platform/base/index.ts";

/** Where Prometheus's messages say that a query was at work. */
const place = "query execution";

/** The query is valid but cannot be evaluated on this data; `message` is Prometheus's text. */
export function executionError(message: string): UrdError {
  return urdError("query-execution", message);
}

/** Two series of one vector have the same labels at the same step. */
export function sameLabelsError(): UrdError {
  return executionError("vector cannot contain metrics with the same labelset");
}

/** The query would hold more samples than `limit`. */
export function tooManySamplesError(limit: number): UrdError {
  return urdError(
    "max-samples-per-query",
    `query processing would load too many samples into memory in ${place}`,
    { limit },
  );
}

/** Throws what the abort means: the signal's own error, a timeout, or a cancellation. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof UrdError) throw reason;
  if (reason instanceof Error && reason.name === "TimeoutError") {
    throw urdError("query-timeout", `query timed out in ${place}`);
  }
  throw urdError("query-cancelled", `query was canceled in ${place}`);
}
