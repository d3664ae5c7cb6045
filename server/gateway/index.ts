export type { FrontHandler } from "./front-port/exchange.ts";
export { createFrontPort } from "./front-port/front-port.ts";
export { defaultFrontPortLimits } from "./front-port/limits.ts";
export { createGateway, type Gateway, type Page } from "./gateway.ts";
export { createRpcFront, type RpcFront } from "./grpc.ts";
export { clientError } from "./http-errors.ts";
export type { QueryClient } from "./read-api.ts";
export { tenantOf } from "./tenants.ts";
