export { createClient } from "./client.ts";
export {
  asUrdError,
  cancelledError,
  type ErrorCatalogue,
  type ErrorRecord,
  errorFromRecord,
  errorRecord,
  type RpcErrorId,
  rpcError,
  rpcErrorCatalogue,
} from "./errors.ts";
export { openInProcessChannel } from "./in-process.ts";
export { openPortChannel, type PortChannelOptions } from "./port-client.ts";
export type { Port } from "./port-frames.ts";
export { type PortServer, type PortServerOptions, serveOnPort } from "./port-server.ts";
export {
  createRouter,
  type Router,
  type ServedMethod,
  type ServedService,
  serve,
} from "./service.ts";
export type {
  CallContext,
  CallHeaders,
  CallOptions,
  Channel,
  ServiceClient,
  ServiceHandlers,
} from "./types.ts";
export {
  RawIngesterService,
  RawPushService,
  type RawQueryInstantResponse,
  type RawQueryPart,
  RawQueryPartSchema,
  type RawQueryRangeResponse,
  RawQueryService,
  type RawQueryStreamResponse,
  RawQueryStreamResponseSchema,
  type RawWriteRequest,
  RawWriteRequestSchema,
  type RawWriteStreamRequest,
  RawWriteStreamRequestSchema,
} from "./raw-services.ts";
export { addToConnectRouter, type ConnectServerOptions } from "./connect-server.ts";
export { type ErrorCodec, errorOfStatus, statusOf } from "./status.ts";
export { type GrpcChannelOptions, openGrpcChannel } from "./grpc-client.ts";
export {
  type GrpcServer,
  type GrpcServerOptions,
  grpcDefinition,
  openGrpcServer,
} from "./grpc-server.ts";
export { defaultGrpcWireOptions, type GrpcWireOptions } from "./grpc-wire.ts";
