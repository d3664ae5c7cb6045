import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorDetail, ErrorDetailSchema } from "../../gen/urd/errors/v1/errors_pb.ts";

/** Names of gRPC status codes. */
export type UrdErrorCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** What an UrdClientError says beside its sentence. */
export interface UrdErrorFacts {
  readonly id: string;
  readonly code: UrdErrorCode;
  readonly retryable: boolean;
  readonly option?: string | undefined;
  readonly limit?: number | undefined;
  readonly series?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Every failure that this client reports. */
export class UrdClientError extends Error {
  /** Stable id of the server's error catalogue, such as `err-urd-max-series-per-query`. */
  readonly id: string;
  readonly code: UrdErrorCode;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** The server's configuration key to change, when one would help. */
  readonly option: string | undefined;
  /** The limit in force, in the option's unit. */
  readonly limit: number | undefined;
  /** The series concerned, or an example, in Prometheus notation. */
  readonly series: string | undefined;
  /** How long the server asked to wait, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: UrdErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "UrdClientError";
    this.id = facts.id;
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.option = facts.option;
    this.limit = facts.limit;
    this.series = facts.series;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** What anything thrown below means to users of this client. */
export function clientErrorOf(thrown: unknown): UrdClientError {
  if (thrown instanceof UrdClientError) return thrown;
  const status = ConnectError.from(thrown);
  const [detail] = status.findDetails(ErrorDetailSchema);
  const code = codeNames[status.code];
  if (detail !== undefined) return errorOfDetail(detail, { code, cause: status });
  return new UrdClientError(status.rawMessage, {
    id: idsOfCodes[code] ?? "err-urd-internal",
    code,
    retryable: retryableCodes.has(code),
    retryAfterMs: retryAfterMsOf(status.metadata),
    cause: thrown,
  });
}

/** An error that the server reported inside an answer. */
export function errorOfDetail(
  detail: ErrorDetail,
  of: { readonly code: UrdErrorCode; readonly cause?: unknown },
): UrdClientError {
  return new UrdClientError(detail.message, {
    id: detail.id,
    code: of.code,
    retryable: detail.retryable,
    option: detail.option === "" ? undefined : detail.option,
    limit: detail.limit === 0 ? undefined : detail.limit,
    series: detail.series === "" ? undefined : detail.series,
    retryAfterMs: detail.retryAfterMs === 0n ? undefined : Number(detail.retryAfterMs),
    cause: of.cause,
  });
}

const codeNames: Readonly<Record<Code, UrdErrorCode>> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "UNKNOWN",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "ALREADY_EXISTS",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "RESOURCE_EXHAUSTED",
  [Code.FailedPrecondition]: "FAILED_PRECONDITION",
  [Code.Aborted]: "ABORTED",
  [Code.OutOfRange]: "OUT_OF_RANGE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "DATA_LOSS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};

/** Failures that never reached a handler of the server, or come from what lies between. */
const idsOfCodes: Readonly<Partial<Record<UrdErrorCode, string>>> = {
  CANCELLED: "err-urd-rpc-cancelled",
  INVALID_ARGUMENT: "err-urd-rpc-message-invalid",
  DEADLINE_EXCEEDED: "err-urd-rpc-deadline-exceeded",
  RESOURCE_EXHAUSTED: "err-urd-rpc-message-too-large",
  UNIMPLEMENTED: "err-urd-rpc-unimplemented",
  ABORTED: "err-urd-rpc-unavailable",
  UNAVAILABLE: "err-urd-rpc-unavailable",
};

const retryableCodes: ReadonlySet<UrdErrorCode> = new Set(["UNAVAILABLE", "ABORTED"]);

/** Retry-After of a proxy on the way; seconds only, as that is what proxies send. */
function retryAfterMsOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
