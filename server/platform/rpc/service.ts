import { create, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { assert } from "../base/index.ts";
import { rpcError } from "./errors.ts";
import type { AnyHandler, AnyInit, CallContext, ServiceHandlers } from "./types.ts";

/** A method that is served. */
export interface ServedMethod {
  readonly method: DescMethod;
  readonly handler: AnyHandler;
}

/** A service with its handlers. */
export interface ServedService {
  readonly service: DescService;
  /** By local name; methods without a handler answer UNIMPLEMENTED. */
  readonly handlers: Readonly<Record<string, AnyHandler | undefined>>;
}

/** Binds handlers to their service. Methods may be left out; they answer UNIMPLEMENTED. */
export function serve<S extends DescService>(
  service: S,
  handlers: Partial<ServiceHandlers<S>>,
): ServedService {
  // The types were checked by the signature; transports handle every method alike.
  return { service, handlers: handlers as ServedService["handlers"] };
}

/** Name of a method on every transport: the path that gRPC uses. */
export function methodPath(method: DescMethod): string {
  let path = paths.get(method);
  if (path === undefined) {
    path = `/${method.parent.typeName}/${method.name}`;
    paths.set(method, path);
  }
  return path;
}

const paths = new WeakMap<DescMethod, string>();

/** Finds served methods by path. */
export type Router = (path: string) => ServedMethod | undefined;

/** Makes the router of some services; a service may be listed once. */
export function createRouter(services: readonly ServedService[]): Router {
  const methods = new Map<string, ServedMethod>();
  for (const { service, handlers } of services) {
    for (const method of service.methods) {
      const path = methodPath(method);
      assert(!methods.has(path), `${path} is served twice`);
      const handler = handlers[method.localName];
      const bound: AnyHandler =
        handler === undefined
          ? refuseUnimplemented(method)
          : (input, context) => handler.call(handlers, input, context);
      methods.set(path, { method, handler: bound });
    }
  }
  return (path) => methods.get(path);
}

/** A handler for a method that nobody implements. */
export function refuseUnimplemented(method: DescMethod): AnyHandler {
  return () => {
    throw rpcError("rpc-unimplemented", `The method ${methodPath(method)} is not served here.`);
  };
}

/** Calls the handler of a method that answers once. Errors come as rejections only. */
export async function callForOne(
  served: ServedMethod,
  input: Message | AsyncIterable<Message>,
  context: CallContext,
): Promise<Message> {
  const answer = await (served.handler(input, context) as Promise<AnyInit>);
  return create(served.method.output, answer);
}

/** Calls the handler of a method that answers with a stream. Errors come while reading only. */
export async function* callForMany(
  served: ServedMethod,
  input: Message | AsyncIterable<Message>,
  context: CallContext,
): AsyncGenerator<Message> {
  const { output } = served.method;
  for await (const answer of served.handler(input, context) as AsyncIterable<AnyInit>) {
    yield create(output, answer);
  }
}
