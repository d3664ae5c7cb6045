import type { DescMethod, Message } from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Server,
  ServerCredentials,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type Clock, sleep, UrdError } from "../base/index.ts";
import { CallScope, readScoped } from "./call-scope.ts";
import { cancelledError } from "./errors.ts";
import {
  channelOptions,
  deserializerOf,
  failureStatus,
  type GrpcLibrary,
  type GrpcWireOptions,
  headersOf,
  loadGrpc,
  serializerOf,
} from "./grpc-wire.ts";
import {
  callForMany,
  callForOne,
  createRouter,
  methodPath,
  type ServedMethod,
  type ServedService,
} from "./service.ts";
import type { ErrorCodec } from "./status.ts";

/** What a gRPC server needs. */
export interface GrpcServerOptions {
  readonly clock: Clock;
  readonly codec: ErrorCodec;
  readonly wire: GrpcWireOptions;
  /** Plain text when left out. */
  readonly credentials?: ServerCredentials;
  /** Hears of everything thrown that is not an UrdError, for the log. */
  readonly onBug?: (thrown: unknown, path: string) => void;
}

/** A port for peers. */
export interface GrpcServer {
  /** Resolves with the port number when calls are taken; port 0 chooses one. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more calls, waits `graceMs` for those under way, then cancels them. */
  close(graceMs: number): Promise<void>;
}

/**
 * Makes a server of some services for peers; nothing listens before `listen`.
 * @public Processes of a cluster reach each other so.
 */
export async function openGrpcServer(
  services: readonly ServedService[],
  options: GrpcServerOptions,
): Promise<GrpcServer> {
  const grpc = await loadGrpc();
  const server = new grpc.Server(channelOptions(options.wire));
  const find = createRouter(services);
  for (const { service } of services) {
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      const served = find(methodPath(method)) as ServedMethod;
      implementation[method.localName] = handlerOf(served, { ...options, grpc });
    }
    server.addService(grpcDefinition(service.methods), implementation);
  }
  return {
    listen: (host, port) =>
      bind(
        server,
        `${host}:${port}`,
        options.credentials ?? grpc.ServerCredentials.createInsecure(),
      ),
    close: (graceMs) => shutDown(server, options.clock, graceMs),
  };
}

/** Methods as the library wants them declared. */
export function grpcDefinition(methods: readonly DescMethod[]): ServiceDefinition {
  return Object.fromEntries(
    methods.map((method) => [
      method.localName,
      {
        path: methodPath(method),
        requestStream: /client|bidi/.test(method.methodKind),
        responseStream: /server|bidi/.test(method.methodKind),
        requestSerialize: serializerOf(method.input),
        requestDeserialize: deserializerOf(method.input),
        responseSerialize: serializerOf(method.output),
        responseDeserialize: deserializerOf(method.output),
      },
    ]),
  );
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

async function shutDown(server: Server, clock: Clock, graceMs: number): Promise<void> {
  const graceOver = new AbortController();
  const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await Promise.race([ended, sleep(clock, graceMs, graceOver.signal).catch(() => undefined)]);
  graceOver.abort();
  server.forceShutdown();
}

interface HandlerParts extends GrpcServerOptions {
  readonly grpc: GrpcLibrary;
}

function handlerOf(served: ServedMethod, parts: HandlerParts): UntypedHandleCall {
  switch (served.method.methodKind) {
    case "unary":
      return unaryHandler(served, parts);
    case "client_streaming":
      return clientStreamHandler(served, parts);
    case "server_streaming":
      return serverStreamHandler(served, parts);
    case "bidi_streaming":
      return bidiHandler(served, parts);
  }
}

type AnyCall =
  | ServerUnaryCall<Message, Message>
  | ServerReadableStream<Message, Message>
  | ServerWritableStream<Message, Message>
  | ServerDuplexStream<Message, Message>;

function openScope(call: AnyCall, parts: HandlerParts): CallScope {
  const deadline = call.getDeadline();
  const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
  const timeoutMs = Number.isFinite(deadlineMs)
    ? Math.max(0, deadlineMs - parts.clock.nowMs())
    : undefined;
  const scope = new CallScope({ headers: headersOf(call.metadata), timeoutMs }, parts.clock);
  scope.watch();
  const events: NodeJS.EventEmitter = call;
  events.on("cancelled", () => scope.fail(cancelledError(undefined)));
  return scope;
}

const unaryHandler =
  (served: ServedMethod, parts: HandlerParts): handleUnaryCall<Message, Message> =>
  (call, callback) => {
    const scope = openScope(call, parts);
    answerOnce(served, { input: call.request, scope }, parts).then(
      (message) => callback(null, message),
      (thrown: unknown) => callback(failureStatus(thrown, parts)),
    );
  };

const clientStreamHandler =
  (served: ServedMethod, parts: HandlerParts): handleClientStreamingCall<Message, Message> =>
  (call, callback) => {
    const scope = openScope(call, parts);
    answerOnce(served, { input: requestsOf(call, scope), scope }, parts).then(
      (message) => callback(null, message),
      (thrown: unknown) => callback(failureStatus(thrown, parts)),
    );
  };

const serverStreamHandler =
  (served: ServedMethod, parts: HandlerParts): handleServerStreamingCall<Message, Message> =>
  (call) => {
    const scope = openScope(call, parts);
    void answerMany(served, { input: call.request, scope, call }, parts);
  };

const bidiHandler =
  (served: ServedMethod, parts: HandlerParts): handleBidiStreamingCall<Message, Message> =>
  (call) => {
    const scope = openScope(call, parts);
    void answerMany(served, { input: requestsOf(call, scope), scope, call }, parts);
  };

/** Requests as they come. Not read by `for await` itself, which would destroy the call. */
async function* requestsOf(
  call: ServerReadableStream<Message, Message> | ServerDuplexStream<Message, Message>,
  scope: CallScope,
): AsyncGenerator<Message> {
  const messages: AsyncIterable<Message> = call.iterator({ destroyOnReturn: false });
  yield* readScoped(messages, scope);
  // A stream that its caller aborted ends like any other, and is cancelled a turn or two
  // later; a handler must not take the part for the whole.
  for (let turn = 0; turn < turnsUntilCancelled; turn++) await scope.race(nextTurn());
}

/** One more than was ever seen. */
const turnsUntilCancelled = 4;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Work {
  readonly input: Message | AsyncIterable<Message>;
  readonly scope: CallScope;
}

async function answerOnce(served: ServedMethod, work: Work, parts: HandlerParts): Promise<Message> {
  const { input, scope } = work;
  try {
    return await scope.race(callForOne(served, input, scope));
  } catch (thrown) {
    report(thrown, served, parts);
    throw thrown;
  } finally {
    scope.close();
  }
}

/** Sends a stream, waiting whenever the library's buffer is full. Never rejects. */
async function answerMany(
  served: ServedMethod,
  work: Work & {
    readonly call: ServerWritableStream<Message, Message> | ServerDuplexStream<Message, Message>;
  },
  parts: HandlerParts,
): Promise<void> {
  const { input, scope, call } = work;
  try {
    for await (const message of readScoped(callForMany(served, input, scope), scope)) {
      if (call.write(message)) continue;
      await scope.race(new Promise<void>((resolve) => call.once("drain", resolve)));
    }
    call.end();
  } catch (thrown) {
    report(thrown, served, parts);
    if (!call.cancelled) call.emit("error", failureStatus(thrown, parts));
  } finally {
    scope.close();
  }
}

function report(thrown: unknown, served: ServedMethod, parts: HandlerParts): void {
  if (!(thrown instanceof UrdError)) parts.onBug?.(thrown, methodPath(served.method));
}
