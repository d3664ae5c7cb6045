import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

/** Headers of a call: lower-case names, one value each. */
export type CallHeaders = Readonly<Record<string, string>>;

/** What a caller may say about one call. */
export interface CallOptions {
  /** Aborting it fails the call at once and tells the handler. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now after which the call fails with DEADLINE_EXCEEDED. */
  readonly timeoutMs?: number | undefined;
  readonly headers?: CallHeaders | undefined;
}

/** What a handler knows about the call it serves; fits as CallOptions of calls further down. */
export interface CallContext {
  /**
   * Aborts, with an UrdError as its reason, when the caller cancels or goes away and when the
   * deadline passes. Made on first use: a handler that never looks pays nothing.
   */
  readonly signal: AbortSignal;
  /** Milliseconds left, at least 0; undefined when the call has no deadline. */
  readonly timeoutMs: number | undefined;
  readonly headers: CallHeaders;
}

/**
 * How callers see a service. A failed call throws an UrdError whatever the transport. A
 * stream starts when it is first read, can be read once, and reading it slowly slows its
 * sender. Messages that were handed over belong to the other side: the caller must not change
 * a request, a handler must not change a response or keep its byte arrays.
 */
export type ServiceClient<S extends DescService> = {
  readonly [K in keyof S["method"]]: ClientMethod<S["method"][K]>;
};

type ClientMethod<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (
            requests: AsyncIterable<MessageInitShape<I>>,
            options?: CallOptions,
          ) => Promise<MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (
              requests: AsyncIterable<MessageInitShape<I>>,
              options?: CallOptions,
            ) => AsyncIterable<MessageShape<O>>
          : never;

/** How a role implements a service. Throw an UrdError to fail a call with an id. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S["method"]]: MethodHandler<S["method"][K]>;
};

type MaybePromise<T> = T | Promise<T>;

type MethodHandler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => MaybePromise<MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (
            requests: AsyncIterable<MessageShape<I>>,
            context: CallContext,
          ) => MaybePromise<MessageInitShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (
              requests: AsyncIterable<MessageShape<I>>,
              context: CallContext,
            ) => AsyncIterable<MessageInitShape<O>>
          : never;

/** A handler with its types erased, as transports see it. */
export type AnyHandler = (
  input: Message | AsyncIterable<Message>,
  context: CallContext,
) => MaybePromise<AnyInit> | AsyncIterable<AnyInit>;

/** What create() takes for a message of any type. */
export type AnyInit = Record<string, unknown>;

/** What a transport offers to the clients above it. Closing fails every open call. */
export interface Channel {
  /** One request, one answer. */
  unary(method: DescMethod, request: Message, options: CallOptions): Promise<Message>;
  /** Everything else; `input` is a message exactly when the method's kind is server streaming. */
  stream(
    method: DescMethod,
    input: Message | AsyncIterable<Message>,
    options: CallOptions,
  ): AsyncIterable<Message>;
  /** Idempotent. */
  close(): void;
}
