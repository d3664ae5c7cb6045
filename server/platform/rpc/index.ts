export { createClient } from "./client.ts";
export { addToConnectRouter } from "./connect-server.ts";
export { asUrdError } from "./errors.ts";
/** @public For tests of what stands on channels. */
export { rpcError } from "./errors.ts";
/** @public */
export { type GrpcChannelOptions, openGrpcChannel } from "./grpc-client.ts";
/** @public */
export { type GrpcServer, type GrpcServerOptions, openGrpcServer } from "./grpc-server.ts";
/** @public */
export { defaultGrpcWireOptions, type GrpcWireOptions } from "./grpc-wire.ts";
/** @public */
export { openInProcessChannel } from "./in-process.ts";
export { openPortChannel } from "./port-client.ts";
export { type PortServer, serveOnPort } from "./port-server.ts";
export {
  RawIngesterService,
  RawPushService,
  type RawQueryPart,
  RawQueryPartSchema,
  RawQueryService,
  type RawQueryStreamResponse,
  RawWriteRequestSchema,
  type RawWriteStreamRequest,
  RawWriteStreamRequestSchema,
} from "./raw-services.ts";
export { type ServedService, serve } from "./service.ts";
export type {
  CallContext,
  CallHeaders,
  CallOptions,
  Channel,
  ServiceClient,
  ServiceHandlers,
} from "./types.ts";
