/** What both sides of the gRPC transport share: codecs, headers, status. */
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type * as grpcLibrary from "@grpc/grpc-js";
import type { Metadata, ServiceError, StatusObject } from "@grpc/grpc-js";
import type { UrdError } from "../base/index.ts";
import { asUrdError, rpcError } from "./errors.ts";
import { type ErrorCodec, errorOfStatus, statusOf } from "./status.ts";
import type { CallHeaders } from "./types.ts";

/** The library, loaded only by processes that speak gRPC to others. */
export type GrpcLibrary = typeof grpcLibrary;

/** Loads the library. */
export const loadGrpc = (): Promise<GrpcLibrary> => import("@grpc/grpc-js");

/** Bounds and keep-alive of a gRPC connection, for both sides. */
export interface GrpcWireOptions {
  /** Largest message taken. */
  readonly messageSizeBytesMax: number;
  /** A silent connection with open calls is pinged after so long… */
  readonly keepAliveIntervalMs: number;
  /** …and is lost when the ping is not answered for so long. */
  readonly keepAliveTimeoutMs: number;
  /** Calls at once on one connection. */
  readonly callsMax: number;
}

/**
 * For peers in one data centre.
 * @public
 */
export const defaultGrpcWireOptions: GrpcWireOptions = {
  messageSizeBytesMax: 100 * 1024 * 1024,
  keepAliveIntervalMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  callsMax: 1_000,
};

/** A stream's window: eight frames of 128 KiB, so that a round trip does not stop it. */
const windowSizeBytes = 1024 * 1024;

/** Our options in the library's words. */
export function channelOptions(options: GrpcWireOptions): Record<string, number> {
  return {
    "grpc.max_receive_message_length": options.messageSizeBytesMax,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": options.keepAliveIntervalMs,
    "grpc.keepalive_timeout_ms": options.keepAliveTimeoutMs,
    "grpc.keepalive_permit_without_calls": 0,
    "grpc.max_concurrent_streams": options.callsMax,
    "grpc-node.flow_control_window": windowSizeBytes,
    // Who calls decides what may be tried again.
    "grpc.enable_retries": 0,
    // One connection per channel: push, query and control must not share theirs.
    "grpc.use_local_subchannel_pool": 1,
  };
}

/** Writes messages of a type. */
export function serializerOf(desc: DescMessage): (message: Message) => Buffer {
  return (message) => {
    const bytes = toBinary(desc, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** Reads messages of a type; `bytes` fields are views of what came. */
export function deserializerOf(desc: DescMessage): (bytes: Buffer) => Message {
  return (bytes) =>
    fromBinary(desc, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Headers as metadata. */
export function metadataOf(grpc: GrpcLibrary, headers: CallHeaders | undefined): Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
  return metadata;
}

/** Metadata as headers; binary entries are left out. */
export function headersOf(metadata: Metadata): CallHeaders {
  const entries = Object.entries(metadata.getMap());
  return Object.fromEntries(entries.flatMap(([name, value]) => pair(name, value)));
}

const pair = (name: string, value: unknown): [string, string][] =>
  typeof value === "string" ? [[name, value]] : [];

const detailsHeader = "grpc-status-details-bin";

/** A failure as a server sends it: code, text, and details in the trailers. */
export function failureStatus(
  thrown: unknown,
  parts: { readonly grpc: GrpcLibrary; readonly codec: ErrorCodec },
): StatusObject & Error {
  const error = asUrdError(thrown);
  const status = statusOf(error, parts.codec);
  const metadata = new parts.grpc.Metadata();
  const details = setTrailerStatus(new Headers(), status).get(detailsHeader);
  if (details !== null) metadata.set(detailsHeader, Buffer.from(details, "base64"));
  return Object.assign(new Error(error.message), {
    code: status.code as number,
    details: error.message,
    metadata,
  });
}

/** The error behind a failed call of the library. */
export function errorOfFailure(thrown: unknown, codec: ErrorCodec): UrdError {
  if (!isServiceError(thrown)) return asUrdError(thrown);
  const trailers = new Headers({ "grpc-status": String(thrown.code) });
  trailers.set("grpc-message", encodeURIComponent(thrown.details));
  const [details] = thrown.metadata.get(detailsHeader);
  if (details instanceof Buffer) trailers.set(detailsHeader, details.toString("base64"));
  const status: ConnectError | undefined = findTrailerError(trailers);
  if (status === undefined) return rpcError("internal", thrown.details, thrown);
  return errorOfStatus(status, codec);
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && "details" in thrown && "metadata" in thrown;
}
