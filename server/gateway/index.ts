export type { HttpRequest, HttpResponse } from "./exchange.ts";
export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type Page,
  type ProcessHooks,
} from "./gateway.ts";
export { clientError, plainText } from "./http-errors.ts";
export type { QueryClient } from "./read-api.ts";
export type { IncomingWrite, WriteResult, WriteTarget } from "./remote-write.ts";
export { type TenancyConfig, tenantOf } from "./tenants.ts";
