import { urdError } from "../model/index.ts";
import { errorText, UrdError } from "../platform/base/index.ts";

/** Where a failure happened, for its sentence. */
export interface FaultPlace {
  /** `address` of the bucket. */
  readonly address: string;
  /** What was tried, with the object's name: `read tenant/block/index`. */
  readonly attempt: string;
}

/** The store did not answer, or answered that it cannot now. The same call may succeed later. */
export function unavailable(at: FaultPlace, why: string, facts: FaultFacts = {}): UrdError {
  return urdError("bucket-unavailable", sentence(at, why), facts);
}

/** The store refused: no permission, no such bucket, a request that it does not take. */
export function refused(at: FaultPlace, why: string, facts: FaultFacts = {}): UrdError {
  return urdError("bucket-refused", sentence(at, why), facts);
}

/** The object is not the one that was read before. */
export function objectChanged(at: FaultPlace): UrdError {
  return urdError("bucket-object-changed", sentence(at, "the object was replaced meanwhile"));
}

/** What is known beside the sentence. */
export interface FaultFacts {
  readonly cause?: unknown;
  /** How long the store asks to wait, ms. */
  readonly retryAfterMs?: number;
}

function sentence(at: FaultPlace, why: string): string {
  return `cannot ${at.attempt} in ${at.address}: ${why}`;
}

/** Statuses that say "not now": timeout, throttling, every failure of the store's own. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** The fault of an HTTP status that is no success. */
export function statusFault(
  at: FaultPlace,
  answer: { status: number; reason: string; retryAfterMs?: number | undefined },
  cause?: unknown,
): UrdError {
  const why =
    answer.reason === "" ? `status ${answer.status}` : `${answer.status} ${answer.reason}`;
  const facts = {
    cause,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  };
  if (answer.status === 412) return objectChanged(at);
  return isRetryableStatus(answer.status) ? unavailable(at, why, facts) : refused(at, why, facts);
}

/** The fault of a call that got no answer: connection refused, reset, cut off, timed out. */
export function connectionFault(at: FaultPlace, error: unknown): UrdError {
  if (error instanceof UrdError) return error;
  return unavailable(at, causeText(error), { cause: error });
}

/** The innermost text that says something: wrappers say little more than "failed". */
function causeText(error: unknown): string {
  let at = error;
  let text = "";
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const code = (at as { code?: unknown }).code;
    const own = typeof code === "string" && !at.message.includes(code) ? `${code} ` : "";
    if (at.message !== "" || own !== "") text = `${own}${at.message}`.trim();
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return text === "" ? errorText(error) : text;
}

/**
 * Throws when a body is not as long as its headers promised: the connection was cut, or something
 * between here and the store dropped bytes. The answer is then worthless, not short.
 */
export function checkLength(at: FaultPlace, body: { gotBytes: number; wantedBytes: number }): void {
  if (body.gotBytes === body.wantedBytes) return;
  throw unavailable(at, `the body has ${body.gotBytes} of ${body.wantedBytes} bytes`);
}
