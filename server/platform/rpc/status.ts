import { Code, ConnectError } from "@connectrpc/connect";
import { type ErrorDetail, ErrorDetailSchema } from "../../../gen/urd/errors/v1/errors_pb.ts";
import type { GrpcCode, UrdError } from "../base/index.ts";
import { type RpcErrorId, rpcError } from "./errors.ts";

/**
 * Errors of ours as status with details, and back. Which detail stands for which error is the
 * business of `server/wire`, which knows the catalogue; it comes in as an ErrorCodec.
 */
export interface ErrorCodec {
  detailOf(error: UrdError): ErrorDetail;
  errorOf(detail: ErrorDetail): UrdError;
}

const codes: Readonly<Record<GrpcCode, Code>> = {
  CANCELLED: Code.Canceled,
  UNKNOWN: Code.Unknown,
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  NOT_FOUND: Code.NotFound,
  ALREADY_EXISTS: Code.AlreadyExists,
  PERMISSION_DENIED: Code.PermissionDenied,
  UNAUTHENTICATED: Code.Unauthenticated,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  OUT_OF_RANGE: Code.OutOfRange,
  UNIMPLEMENTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
  DATA_LOSS: Code.DataLoss,
};

/** The status of a failed call, its details included. */
export function statusOf(error: UrdError, codec: ErrorCodec): ConnectError {
  const detail = { desc: ErrorDetailSchema, value: codec.detailOf(error) };
  return new ConnectError(error.message, codes[error.entry.code], undefined, [detail], error);
}

/** Errors that the libraries below raise by themselves, by their code. */
const idsOfCodes: Readonly<Partial<Record<Code, RpcErrorId>>> = {
  [Code.Canceled]: "rpc-cancelled",
  [Code.InvalidArgument]: "rpc-message-invalid",
  [Code.DeadlineExceeded]: "rpc-deadline-exceeded",
  [Code.ResourceExhausted]: "rpc-message-too-large",
  [Code.Unimplemented]: "rpc-unimplemented",
  [Code.Unavailable]: "rpc-unavailable",
  [Code.Aborted]: "rpc-unavailable",
};

/** The error behind a status: what its details say, or else what its code means. */
export function errorOfStatus(status: ConnectError, codec: ErrorCodec): UrdError {
  const [detail] = status.findDetails(ErrorDetailSchema);
  if (detail !== undefined) return codec.errorOf(detail);
  return rpcError(idsOfCodes[status.code] ?? "internal", status.rawMessage, status);
}
