/**
 * The public services on the front port, in every protocol that clients speak:
 *   1. a path of PushService or QueryService is an RPC; anything else goes to `rest`
 *   2. a preflight is answered before anybody is asked who they are
 *   3. the tenant is read from x-scope-orgid and handed on in the same header, checked
 *   4. payloads stay bytes on the way; only for JSON are they made from and into messages
 */
import type { Writable } from "node:stream";
import { Code, ConnectError, cors, createConnectRouter } from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { PushService } from "../../gen/urd/push/v1/push_pb.ts";
import { QueryService } from "../../gen/urd/query/v1/query_pb.ts";
import type { Clock, UrdError } from "../platform/base/index.ts";
import {
  addToConnectRouter,
  type CallHeaders,
  RawPushService,
  RawQueryService,
  type ServedService,
  type ServiceHandlers,
  serve,
} from "../platform/rpc/index.ts";
import { errorDetailOf, errorOfDetail } from "../wire/index.ts";
import type { FrontHandler, FrontRequest, FrontResponse } from "./front-port/exchange.ts";
import { typedPush, typedQuery } from "./grpc-json.ts";

/** What the public services stand on. A ServiceClient fits as handlers. */
export interface RpcFrontOptions {
  readonly push: ServiceHandlers<typeof RawPushService>;
  readonly query: ServiceHandlers<typeof RawQueryService>;
  /** The tenant by the values of x-scope-orgid; throws an UrdError to refuse the call. */
  readonly tenantOf: (values: readonly string[]) => string;
  /** Everything that is no RPC. */
  readonly rest: FrontHandler;
  readonly clock: Clock;
  /** Largest message taken, decompressed. */
  readonly messageSizeBytesMax: number;
  /** What clients learn of anything thrown; logs what they may not learn. */
  readonly publicError: (thrown: unknown, path: string) => UrdError;
}

/** The handler of the whole front port. */
export interface RpcFront extends FrontHandler {
  /** True for calls whose requests are a stream, which may be silent for long. */
  isLongLived(request: FrontRequest): boolean;
}

/** Header that names the tenant, in requests and for handlers. */
const tenantHeader = "x-scope-orgid";

/** Mounts the public services in front of the REST handler. */
export function createRpcFront(options: RpcFrontOptions): RpcFront {
  const { push, query, rest } = options;
  const binary = dispatcher([serve(RawPushService, push), serve(RawQueryService, query)], options);
  const json = dispatcher(
    [serve(PushService, typedPush(push)), serve(QueryService, typedQuery(query))],
    options,
  );
  const services = [RawPushService, RawQueryService];
  const prefixes = services.map(({ typeName }) => `/${typeName}/`);
  const isRpc = (path: string): boolean => prefixes.some((prefix) => path.startsWith(prefix));
  const streaming = new Set(
    services
      .flatMap((service) => [...service.methods])
      .filter(({ methodKind }) => /client|bidi/.test(methodKind))
      .map(({ parent, name }) => `/${parent.typeName}/${name}`),
  );
  const answer = (request: FrontRequest, response: FrontResponse): void => {
    setCorsHeaders(request, response);
    if (request.method === "OPTIONS") {
      answerEmpty(response, 204);
      return;
    }
    const isJson = /\bjson\b/.test(request.headers["content-type"] ?? "");
    (isJson ? json : binary)(request, response);
  };
  return {
    handle: (request, response) =>
      isRpc(pathOf(request)) ? answer(request, response) : rest.handle(request, response),
    handleExpectContinue(request, response) {
      if (!isRpc(pathOf(request))) {
        rest.handleExpectContinue(request, response);
        return;
      }
      response.writeContinue();
      answer(request, response);
    },
    isLongLived: (request) => streaming.has(pathOf(request)),
  };
}

const pathOf = (request: FrontRequest): string => request.url?.split("?", 1)[0] ?? "";

const allowedMethods = [...cors.allowedMethods, "OPTIONS"].join(", ");
const allowedHeaders = [...cors.allowedHeaders, "Authorization", "X-Scope-OrgID"].join(", ");
const exposedHeaders = [...cors.exposedHeaders, "Date", "Retry-After"].join(", ");

function answerEmpty(response: FrontResponse, status: number): void {
  response.statusCode = status;
  const writable: Writable = response;
  writable.end();
}

/** Browsers ask for these only when they sent an Origin; credentials are never allowed. */
function setCorsHeaders(request: FrontRequest, response: FrontResponse): void {
  if (request.headers["origin"] === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Methods", allowedMethods);
  response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
  response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
}

/** Serves the paths of some services on Node's requests. */
function dispatcher(
  services: readonly ServedService[],
  options: RpcFrontOptions,
): FrontHandler["handle"] {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: options.messageSizeBytesMax,
  });
  addToConnectRouter(router, services, {
    clock: options.clock,
    codec: { detailOf: errorDetailOf, errorOf: errorOfDetail },
    headersOf: (headers) => headersFor(headers, options),
    publicError: options.publicError,
  });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const handler = handlers.get(pathOf(request));
    if (handler === undefined) {
      answerEmpty(response, 404);
      return;
    }
    const run = async (): Promise<void> => {
      const call = universalRequestFromNodeRequest(request, response, undefined, undefined);
      await universalResponseToNodeResponse(await handler(call), response);
    };
    run().catch((thrown: unknown) => {
      // Status of calls travels in answers; what comes here broke the connection's own rules
      // or the connection itself.
      const isGone = ConnectError.from(thrown).code === Code.Aborted;
      if (!isGone) options.publicError(thrown, pathOf(request));
      response.destroy();
    });
  };
}

function headersFor(headers: Headers, options: RpcFrontOptions): CallHeaders {
  const value = headers.get(tenantHeader);
  return { [tenantHeader]: options.tenantOf(value === null ? [] : [value]) };
}
