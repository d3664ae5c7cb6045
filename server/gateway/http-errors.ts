import { urdError } from "../model/index.ts";
import { type Prng, UrdError } from "../platform/base/index.ts";

/**
 * Errors as HTTP says them: the one place where a catalogue entry becomes a status, a plain
 * text, or the error object of Prometheus's API.
 */

/** What is thrown, as an error that clients may see; a bug keeps its text to the log. */
export function clientError(thrown: unknown): UrdError {
  if (thrown instanceof UrdError) return thrown;
  return urdError("internal", "Something went wrong inside Urd; its log says more.", {
    cause: thrown,
  });
}

/** Plain text of an error: sentence, id in brackets, and the option to change. */
export function plainText(error: UrdError): string {
  const { entry, limit, series } = error;
  const parts = [`${error.message} (${error.id})`];
  if (series !== undefined && !error.message.includes(series))
    parts.push(`The series is ${series}.`);
  if (entry.option !== undefined && entry.option !== "") {
    parts.push(
      limit === undefined
        ? `To change this, set ${entry.option} or ask the administrator.`
        : `The limit is ${limit}; to change it, set ${entry.option} or ask the administrator.`,
    );
  }
  return parts.join(" ").toWellFormed();
}

/** Names that Prometheus's API gives to kinds of errors. */
type ErrorType =
  | "bad_data"
  | "execution"
  | "canceled"
  | "timeout"
  | "internal"
  | "unavailable"
  | "not_found"
  | "too_many_requests"
  | "too_large_entry"
  | "not_acceptable";

const statusOfType: Readonly<Record<ErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 503,
  not_found: 404,
  too_many_requests: 429,
  too_large_entry: 413,
  not_acceptable: 406,
};

const typeOfStatus: ReadonlyMap<number, ErrorType> = new Map([
  [400, "bad_data"],
  [404, "not_found"],
  [406, "not_acceptable"],
  [413, "too_large_entry"],
  [422, "execution"],
  [429, "too_many_requests"],
  [499, "canceled"],
  [503, "unavailable"],
  [504, "timeout"],
]);

function errorType({ entry }: UrdError): ErrorType {
  if (entry.code === "DEADLINE_EXCEEDED") return "timeout";
  if (entry.code === "CANCELLED") return "canceled";
  const type = typeOfStatus.get(entry.http);
  return type ?? (entry.http < 500 ? "bad_data" : "internal");
}

/** Ids whose sentences are Prometheus's own texts; nothing is added to them. */
const prometheusTexts: ReadonlySet<string> = new Set([
  "err-urd-query-invalid",
  "err-urd-query-execution",
  "err-urd-query-timeout",
  "err-urd-query-cancelled",
  "err-urd-request-invalid",
]);

/** An error as Prometheus's API writes it. */
export interface JsonError {
  readonly status: number;
  readonly text: string;
}

/** The error object with its status. */
export function jsonError(error: UrdError): JsonError {
  const type = errorType(error);
  const text = prometheusTexts.has(error.id) ? error.message : plainText(error);
  return {
    status: error.entry.http === 401 ? 401 : statusOfType[type],
    text: JSON.stringify({ status: "error", errorType: type, error: text }),
  };
}

const retryBaseSeconds = 6;
const retryCapSeconds = 96;

/**
 * Seconds for Retry-After: six, doubled with each attempt that the client says it made, spread
 * by half up and down so that refused clients do not come back together, 96 at most. An error
 * that knows better how long to wait is the least.
 */
export function retryAfterSeconds(
  error: UrdError,
  retryAttempt: string | undefined,
  prng: Prng,
): number {
  const attempt = /^\d{1,6}$/.test(retryAttempt ?? "") ? Math.max(1, Number(retryAttempt)) : 1;
  const exact = Math.min(retryBaseSeconds * 2 ** (attempt - 1), retryCapSeconds);
  const spread = Math.round(exact * (0.5 + prng.next()));
  const known = Math.ceil((error.retryAfterMs ?? 0) / 1000);
  return Math.max(known, Math.min(Math.max(spread, 1), retryCapSeconds));
}

/** True for statuses that carry Retry-After. */
export function wantsRetryAfter(status: number): boolean {
  return status === 429 || status >= 500;
}
