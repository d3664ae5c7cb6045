import { create, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { rpcError } from "./errors.ts";
import { methodPath } from "./service.ts";
import type { AnyInit, CallOptions, Channel, ServiceClient } from "./types.ts";

const noOptions: CallOptions = {};

/** A client of one service over any transport. Cheap; it holds nothing beside the channel. */
export function createClient<S extends DescService>(
  service: S,
  channel: Channel,
): ServiceClient<S> {
  const methods = service.methods.map((method) => [method.localName, bind(method, channel)]);
  // bind makes for each kind of method the function that ServiceClient describes.
  return Object.fromEntries(methods) as ServiceClient<S>;
}

function bind(method: DescMethod, channel: Channel): unknown {
  const { input } = method;
  switch (method.methodKind) {
    case "unary":
      return (request: AnyInit, options = noOptions) =>
        channel.unary(method, create(input, request), options);
    case "server_streaming":
      return (request: AnyInit, options = noOptions) =>
        channel.stream(method, create(input, request), options);
    case "client_streaming":
      return (requests: AsyncIterable<AnyInit>, options = noOptions) =>
        onlyMessage(method, channel.stream(method, createEach(method, requests), options));
    case "bidi_streaming":
      return (requests: AsyncIterable<AnyInit>, options = noOptions) =>
        channel.stream(method, createEach(method, requests), options);
  }
}

async function* createEach(
  method: DescMethod,
  requests: AsyncIterable<AnyInit>,
): AsyncGenerator<Message> {
  for await (const request of requests) yield create(method.input, request);
}

async function onlyMessage(method: DescMethod, stream: AsyncIterable<Message>): Promise<Message> {
  let only: Message | undefined;
  for await (const message of stream) {
    if (only !== undefined) {
      throw rpcError("internal", `${methodPath(method)} answered with more than one message.`);
    }
    only = message;
  }
  if (only === undefined) {
    throw rpcError("internal", `${methodPath(method)} answered without a message.`);
  }
  return only;
}
