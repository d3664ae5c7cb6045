import type { DescMethod, Message } from "@bufbuild/protobuf";
import type {
  CallOptions as GrpcCallOptions,
  ChannelCredentials,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
} from "@grpc/grpc-js";
import type { Clock } from "../base/index.ts";
import { CallScope, readScoped, stop } from "./call-scope.ts";
import { asUrdError, cancelledError, rpcError } from "./errors.ts";
import {
  channelOptions,
  deserializerOf,
  errorOfFailure,
  type GrpcLibrary,
  type GrpcWireOptions,
  loadGrpc,
  metadataOf,
  serializerOf,
} from "./grpc-wire.ts";
import { methodPath } from "./service.ts";
import type { ErrorCodec } from "./status.ts";
import type { CallOptions, Channel } from "./types.ts";

/** What a gRPC channel needs. */
export interface GrpcChannelOptions {
  readonly clock: Clock;
  readonly codec: ErrorCodec;
  readonly wire: GrpcWireOptions;
  /** Plain text when left out. */
  readonly credentials?: ChannelCredentials;
}

/**
 * A channel to a peer's gRPC port, `address` being host:port. It connects with the first call
 * and again by itself when the connection is lost; calls fail with rpc-unavailable meanwhile.
 * @public Processes of a cluster reach each other so.
 */
export async function openGrpcChannel(
  address: string,
  options: GrpcChannelOptions,
): Promise<Channel> {
  const grpc = await loadGrpc();
  const credentials = options.credentials ?? grpc.credentials.createInsecure();
  const client = new grpc.Client(address, credentials, channelOptions(options.wire));
  const caller = new GrpcCaller({ grpc, client }, options);
  return {
    unary: (method, request, callOptions) => caller.unary(method, request, callOptions),
    stream: (method, input, callOptions) => caller.stream(method, input, callOptions),
    close: () => caller.close(),
  };
}

type AnswerStream =
  | ClientReadableStream<Message>
  | ClientDuplexStream<Message, Message>
  | AsyncIterable<Message>;

class GrpcCaller {
  readonly #grpc: GrpcLibrary;
  readonly #client: Client;
  readonly #options: GrpcChannelOptions;
  readonly #open = new Set<CallScope>();
  #closed = false;

  constructor(parts: { grpc: GrpcLibrary; client: Client }, options: GrpcChannelOptions) {
    this.#grpc = parts.grpc;
    this.#client = parts.client;
    this.#options = options;
  }

  async unary(method: DescMethod, request: Message, options: CallOptions): Promise<Message> {
    const scope = this.#begin(options);
    try {
      return await new Promise<Message>((resolve, reject) => {
        const call = this.#client.makeUnaryRequest(
          methodPath(method),
          serializerOf(method.input),
          deserializerOf(method.output),
          request,
          metadataOf(this.#grpc, options.headers),
          this.#callOptions(scope),
          (error, message) => {
            if (error === null && message !== undefined) resolve(message);
            else reject(error ?? rpcError("internal", "A call ended without an answer."));
          },
        );
        scope.onFailure((failure) => {
          reject(failure);
          call.cancel();
        });
      });
    } catch (thrown) {
      throw this.#errorOf(thrown, scope);
    } finally {
      this.#end(scope);
    }
  }

  async *stream(
    method: DescMethod,
    input: Message | AsyncIterable<Message>,
    options: CallOptions,
  ): AsyncGenerator<Message> {
    const scope = this.#begin(options);
    let ended = false;
    try {
      yield* readScoped(this.#start(method, { input, options }, scope), scope);
      ended = true;
    } catch (thrown) {
      ended = true;
      throw this.#errorOf(thrown, scope);
    } finally {
      if (!ended) scope.fail(cancelledError(undefined));
      this.#end(scope);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const scope of this.#open) scope.fail(closedError());
    this.#client.close();
  }

  #begin(options: CallOptions): CallScope {
    if (this.#closed) throw closedError();
    const scope = new CallScope(options, this.#options.clock);
    scope.watch();
    if (scope.failure !== undefined) throw scope.failure;
    this.#open.add(scope);
    return scope;
  }

  #end(scope: CallScope): void {
    this.#open.delete(scope);
    scope.close();
  }

  #errorOf(thrown: unknown, scope: CallScope): Error {
    return scope.failure ?? errorOfFailure(thrown, this.#options.codec);
  }

  #callOptions(scope: CallScope): GrpcCallOptions {
    const { timeoutMs } = scope;
    return timeoutMs === undefined
      ? {}
      : { deadline: new Date(this.#options.clock.nowMs() + timeoutMs) };
  }

  #start(
    method: DescMethod,
    call: { input: Message | AsyncIterable<Message>; options: CallOptions },
    scope: CallScope,
  ): AnswerStream {
    const { input, options } = call;
    const path = methodPath(method);
    const write = serializerOf(method.input);
    const read = deserializerOf(method.output);
    const metadata = metadataOf(this.#grpc, options.headers);
    const callOptions = this.#callOptions(scope);
    if (!(Symbol.asyncIterator in input)) {
      const answers = this.#client.makeServerStreamRequest(
        ...([path, write, read, input, metadata, callOptions] as const),
      );
      return cancellable(answers, scope);
    }
    if (method.methodKind === "bidi_streaming") {
      const duplex = this.#client.makeBidiStreamRequest(path, write, read, metadata, callOptions);
      void pump(input, duplex, scope);
      return cancellable(duplex, scope);
    }
    return onlyAnswer((done) => {
      const sender = this.#client.makeClientStreamRequest(
        ...([path, write, read, metadata, callOptions, done] as const),
      );
      scope.onFailure(() => sender.cancel());
      void pump(input, sender, scope);
    });
  }
}

function cancellable<
  S extends ClientReadableStream<Message> | ClientDuplexStream<Message, Message>,
>(stream: S, scope: CallScope): S {
  // Failures reach the reader; without a listener one that comes later would be fatal.
  stream.on("error", () => undefined);
  scope.onFailure(() => stream.cancel());
  return stream;
}

async function* onlyAnswer(
  start: (done: (error: Error | null, message?: Message) => void) => void,
): AsyncGenerator<Message> {
  const message = await new Promise<Message>((resolve, reject) => {
    start((error, answer) => {
      if (error === null && answer !== undefined) resolve(answer);
      else reject(error ?? rpcError("internal", "A call ended without an answer."));
    });
  });
  yield message;
}

/** Sends requests as the connection takes them; a failing source fails the call. */
async function pump(
  input: AsyncIterable<Message>,
  sender: ClientWritableStream<Message> | ClientDuplexStream<Message, Message>,
  scope: CallScope,
): Promise<void> {
  sender.on("error", () => undefined);
  const iterator = input[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true || sender.destroyed || sender.writableEnded) break;
      if (sender.write(step.value)) continue;
      await scope.race(drained(sender));
    }
    sender.end();
  } catch (thrown) {
    scope.fail(asUrdError(thrown));
  }
  stop(iterator);
}

/** Resolves when more can be written, or nothing ever will be. */
function drained(sender: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ["drain", "close", "status", "error"]) sender.once(event, () => resolve());
  });
}

const closedError = () => rpcError("rpc-unavailable", "The channel was closed.");
