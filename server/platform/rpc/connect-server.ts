import {
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type ServiceImpl,
} from "@connectrpc/connect";
import type { DescService, Message } from "@bufbuild/protobuf";
import { type Clock, UrdError } from "../base/index.ts";
import { CallScope, readScoped } from "./call-scope.ts";
import { asUrdError } from "./errors.ts";
import { callForMany, callForOne, createRouter, methodPath, type ServedMethod } from "./service.ts";
import type { ServedService } from "./service.ts";
import { type ErrorCodec, errorOfStatus, statusOf } from "./status.ts";
import type { CallHeaders } from "./types.ts";

/** How public calls become calls of handlers. */
export interface ConnectServerOptions {
  readonly clock: Clock;
  readonly codec: ErrorCodec;
  /** Headers that handlers see; throws an UrdError to refuse the call. */
  readonly headersOf: (headers: Headers) => CallHeaders;
  /** Replaces what clients may not see: called with everything thrown. */
  readonly publicError: (thrown: unknown, path: string) => UrdError;
}

/** Adds services to a Connect router, which speaks Connect, gRPC and gRPC-Web. */
export function addToConnectRouter(
  router: ConnectRouter,
  services: readonly ServedService[],
  options: ConnectServerOptions,
): void {
  const find = createRouter(services);
  for (const { service } of services) {
    const methods = service.methods.map((method) => {
      const served = find(methodPath(method)) as ServedMethod;
      return [method.localName, implement(served, options)];
    });
    // implement makes for each kind of method the function that ServiceImpl describes.
    const implementation = Object.fromEntries(methods) as Partial<ServiceImpl<DescService>>;
    router.service(service, implementation);
  }
}

type Input = Message | AsyncIterable<Message>;

function implement(served: ServedMethod, options: ConnectServerOptions): unknown {
  const { methodKind } = served.method;
  return methodKind === "unary" || methodKind === "client_streaming"
    ? (input: Input, context: HandlerContext) => answerOnce(served, { input, context }, options)
    : (input: Input, context: HandlerContext) => answerMany(served, { input, context }, options);
}

interface Call {
  readonly input: Input;
  readonly context: HandlerContext;
}

async function answerOnce(
  served: ServedMethod,
  call: Call,
  options: ConnectServerOptions,
): Promise<Message> {
  let scope: CallScope | undefined;
  try {
    scope = openScope(call.context, options);
    return await scope.race(callForOne(served, call.input, scope));
  } catch (thrown) {
    throw publicStatus(thrown, served, options);
  } finally {
    scope?.close();
  }
}

async function* answerMany(
  served: ServedMethod,
  call: Call,
  options: ConnectServerOptions,
): AsyncGenerator<Message> {
  let scope: CallScope | undefined;
  try {
    scope = openScope(call.context, options);
    yield* readScoped(callForMany(served, call.input, scope), scope);
  } catch (thrown) {
    throw publicStatus(thrown, served, options);
  } finally {
    scope?.close();
  }
}

function openScope(context: HandlerContext, options: ConnectServerOptions): CallScope {
  const headers = options.headersOf(context.requestHeader);
  const timeoutMs = context.timeoutMs();
  const scope = new CallScope({ headers, timeoutMs }, options.clock);
  const onAbort = (): void => {
    const { reason } = context.signal;
    const status = ConnectError.from(reason);
    scope.fail(reason instanceof UrdError ? reason : errorOfStatus(status, options.codec));
  };
  if (context.signal.aborted) onAbort();
  else context.signal.addEventListener("abort", onAbort, { once: true });
  scope.watch();
  return scope;
}

function publicStatus(
  thrown: unknown,
  served: ServedMethod,
  options: ConnectServerOptions,
): ConnectError {
  // Requests that cannot be parsed fail the stream that a handler reads, with a status.
  if (thrown instanceof ConnectError) return thrown;
  const error = options.publicError(thrown, methodPath(served.method));
  return statusOf(asUrdError(error), options.codec);
}
