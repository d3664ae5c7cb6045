export type { HttpRequest, HttpResponse } from "./exchange.ts";
export type {
  CutReason,
  FrontHandler,
  FrontRequest,
  FrontResponse,
} from "./front-port/exchange.ts";
export {
  createFrontPort,
  type FrontPort,
  type FrontPortOptions,
} from "./front-port/front-port.ts";
export { defaultFrontPortLimits, type FrontPortLimits } from "./front-port/limits.ts";
export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type Page,
  type ProcessHooks,
} from "./gateway.ts";
export { createRpcFront, type RpcFront, type RpcFrontOptions } from "./grpc.ts";
export { clientError, plainText } from "./http-errors.ts";
export type { QueryClient } from "./read-api.ts";
export type { IncomingWrite, WriteResult, WriteTarget } from "./remote-write.ts";
export { type TenancyConfig, tenantOf } from "./tenants.ts";
