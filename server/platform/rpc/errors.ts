import { type CatalogueEntry, errorText, UrdError } from "../base/index.ts";

/** What can go wrong between a caller and a handler, beside what the handler itself says. */
export type RpcErrorId =
  | "rpc-cancelled"
  | "rpc-deadline-exceeded"
  | "rpc-unavailable"
  | "rpc-overloaded"
  | "rpc-unimplemented"
  | "rpc-message-too-large"
  | "rpc-message-invalid"
  | "internal";

/**
 * The transports' own catalogue entries. The catalogue of the whole server holds the same
 * ones, as `platform/` cannot look up there; a test compares both.
 */
export const rpcErrorCatalogue: Readonly<Record<RpcErrorId, CatalogueEntry>> = {
  "rpc-cancelled": {
    code: "CANCELLED",
    http: 499,
    retryable: false,
    doc: "The caller cancelled the call or went away.",
  },
  "rpc-deadline-exceeded": {
    code: "DEADLINE_EXCEEDED",
    http: 504,
    retryable: true,
    doc: "The call took longer than its caller allowed.",
  },
  "rpc-unavailable": {
    code: "UNAVAILABLE",
    http: 503,
    retryable: true,
    doc: "The other side of a call cannot be reached, or went away before it answered.",
  },
  "rpc-overloaded": {
    code: "UNAVAILABLE",
    http: 503,
    retryable: true,
    doc: "The other side of a call serves as many calls at once as it can.",
  },
  "rpc-unimplemented": {
    code: "UNIMPLEMENTED",
    http: 501,
    retryable: false,
    doc: "The other side does not know the method; it may be of another version.",
  },
  "rpc-message-too-large": {
    code: "RESOURCE_EXHAUSTED",
    http: 413,
    retryable: false,
    doc: "A message is larger than the receiver takes.",
  },
  "rpc-message-invalid": {
    code: "INVALID_ARGUMENT",
    http: 400,
    retryable: false,
    doc: "A message is not what its method takes.",
  },
  internal: {
    code: "INTERNAL",
    http: 500,
    retryable: true,
    doc: "A mistake in Urd itself; the log of the process says more.",
  },
};

/** Makes one of the transports' own errors. */
export function rpcError(id: RpcErrorId, message: string, cause?: unknown): UrdError {
  return new UrdError(`err-urd-${id}`, rpcErrorCatalogue[id], message, { cause });
}

/** The error of a call whose caller aborted; an UrdError given as the reason says it better. */
export function cancelledError(reason: unknown): UrdError {
  if (reason instanceof UrdError) return reason;
  return rpcError("rpc-cancelled", "The call was cancelled by its caller.", reason);
}

/** Anything thrown as an UrdError; what is not one becomes `err-urd-internal`. */
export function asUrdError(thrown: unknown): UrdError {
  if (thrown instanceof UrdError) return thrown;
  return rpcError("internal", errorText(thrown), thrown);
}

/** An UrdError as plain data, for structured clone. */
export interface ErrorRecord {
  readonly id: string;
  readonly entry: CatalogueEntry;
  readonly message: string;
  readonly limit: number | undefined;
  readonly series: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What of a thrown error crosses a port; its cause and stack stay behind. */
export function errorRecord(thrown: unknown): ErrorRecord {
  const { id, entry, message, limit, series, retryAfterMs } = asUrdError(thrown);
  return { id, entry, message, limit, series, retryAfterMs };
}

/** The inverse of errorRecord. */
export function errorFromRecord(record: ErrorRecord): UrdError {
  const { limit, series, retryAfterMs } = record;
  return new UrdError(record.id, record.entry, record.message, {
    ...(limit === undefined ? {} : { limit }),
    ...(series === undefined ? {} : { series }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
