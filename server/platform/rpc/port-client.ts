import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Clock, UrdError } from "../base/index.ts";
import { CallScope, stop } from "./call-scope.ts";
import {
  asUrdError,
  cancelledError,
  type ErrorRecord,
  errorFromRecord,
  errorRecord,
  rpcError,
} from "./errors.ts";
import { CreditGate, Inbox } from "./flow.ts";
import { eachFrame, FramePoster } from "./frame-poster.ts";
import {
  type CallerFrame,
  defaultWindowMessages,
  frameKind,
  type HandlerFrame,
  type Port,
} from "./port-frames.ts";
import { methodPath } from "./service.ts";
import type { CallOptions, Channel } from "./types.ts";

/** What a caller's side needs beside its port. */
export interface PortChannelOptions {
  readonly clock: Clock;
  /** Must be that of the handlers' side; 8 messages when left out. */
  readonly windowMessages?: number;
}

/**
 * A channel to the handlers that `serveOnPort` serves at the other end. It owns the port.
 * When the port closes or the other thread ends, all calls fail with rpc-unavailable.
 */
export function openPortChannel(port: Port, options: PortChannelOptions): Channel {
  const caller = new PortCaller(port, options);
  return {
    unary: (method, request, callOptions) => caller.unary(method, request, callOptions),
    stream: (method, input, callOptions) => caller.stream(method, input, callOptions),
    close: () => caller.close(),
  };
}

/** One open call, as frames see it. */
interface OpenCall {
  answer(response: Message): void;
  message(response: Message): void;
  end(): void;
  fail(failure: UrdError): void;
  credit(count: number): void;
}

class PortCaller {
  readonly #port: FramePoster;
  readonly #clock: Clock;
  readonly #window: number;
  readonly #calls = new Map<number, OpenCall>();
  #nextId = 1;
  #closed = false;

  constructor(port: Port, options: PortChannelOptions) {
    this.#port = new FramePoster(port);
    this.#clock = options.clock;
    this.#window = options.windowMessages ?? defaultWindowMessages;
    port.on("message", (posted) => eachFrame(posted, this.#receive));
    port.on("messageerror", () => this.close());
    port.on("close", () => this.close());
  }

  unary(method: DescMethod, request: Message, options: CallOptions): Promise<Message> {
    return new Promise((resolve, reject) => {
      const scope = this.#begin(options);
      const id = this.#nextId++;
      const settle = (): void => {
        this.#calls.delete(id);
        scope.close();
      };
      this.#calls.set(id, {
        ...ignoreStreamFrames,
        answer: (response) => {
          settle();
          resolve(response);
        },
        fail: (failure) => {
          settle();
          reject(failure);
        },
      });
      scope.onFailure((failure) => {
        this.#cancel(id, failure);
        settle();
        reject(failure);
      });
      try {
        this.#open(id, { method, scope, request });
      } catch (thrown) {
        settle();
        reject(asUrdError(thrown));
      }
    });
  }

  async *stream(
    method: DescMethod,
    input: Message | AsyncIterable<Message>,
    options: CallOptions,
  ): AsyncGenerator<Message> {
    const scope = this.#begin(options);
    const id = this.#nextId++;
    const gate = new CreditGate(this.#window);
    const giveUp = (cause?: UrdError): void => {
      if (!this.#calls.delete(id)) return;
      const failure = cause ?? cancelledError(undefined);
      this.#cancel(id, failure);
      gate.fail(() => failure);
      inbox.fail(failure);
    };
    const inbox = new Inbox<Message>(
      this.#window,
      (count) => this.#post([frameKind.credit, id, count]),
      () => giveUp(),
    );
    this.#calls.set(id, this.#streamCall(id, { inbox, gate }));
    scope.onFailure(giveUp);
    try {
      const isStream = Symbol.asyncIterator in input;
      this.#open(id, { method, scope, request: isStream ? null : input });
      if (isStream) void this.#pump(id, { input, gate, giveUp });
      yield* inbox;
    } catch (thrown) {
      throw asUrdError(thrown);
    } finally {
      giveUp();
      scope.close();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.fail(goneError());
  }

  #begin(options: CallOptions): CallScope {
    if (this.#closed) throw goneError();
    const scope = new CallScope(options, this.#clock);
    scope.watch();
    if (scope.failure !== undefined) throw scope.failure;
    return scope;
  }

  #open(id: number, call: { method: DescMethod; scope: CallScope; request: Message | null }): void {
    const { method, scope, request } = call;
    const headers = Object.keys(scope.headers).length === 0 ? null : scope.headers;
    // A deadline that is as good as over still has to look like one: 0 means none.
    const timeoutMs = scope.timeoutMs === undefined ? 0 : Math.max(0.001, scope.timeoutMs);
    this.#post([frameKind.open, id, methodPath(method), timeoutMs, headers, request]);
  }

  #streamCall(id: number, parts: { inbox: Inbox<Message>; gate: CreditGate }): OpenCall {
    const { inbox, gate } = parts;
    return {
      answer: (response) => {
        inbox.push(response);
        this.#calls.delete(id);
        inbox.end();
        gate.fail(endedError);
      },
      message: (response) => inbox.push(response),
      end: () => {
        this.#calls.delete(id);
        inbox.end();
        gate.fail(endedError);
      },
      fail: (failure) => {
        this.#calls.delete(id);
        inbox.fail(failure);
        gate.fail(() => failure);
      },
      credit: (count) => gate.add(count),
    };
  }

  /** Sends the requests of a stream as credit allows. Never rejects. */
  async #pump(
    id: number,
    parts: {
      input: AsyncIterable<Message>;
      gate: CreditGate;
      giveUp: (failure: UrdError) => void;
    },
  ): Promise<void> {
    const iterator = parts.input[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await iterator.next();
        if (step.done === true) break;
        const wait = parts.gate.take();
        if (wait !== undefined) await wait;
        this.#post([frameKind.message, id, step.value]);
      }
      if (this.#calls.has(id)) this.#post([frameKind.end, id]);
    } catch (thrown) {
      // Either the call is over, and giving up does nothing, or the input failed, and with
      // it the call.
      parts.giveUp(asUrdError(thrown));
      stop(iterator);
    }
  }

  #cancel(id: number, failure: UrdError): void {
    if (!this.#closed) this.#post([frameKind.cancel, id, errorRecord(failure)]);
  }

  #post(frame: CallerFrame): void {
    this.#port.post(frame, (thrown) => this.#uncloned(frame, thrown));
  }

  /** A request that cannot be cloned fails its call. */
  #uncloned([, id]: CallerFrame, thrown: unknown): CallerFrame {
    this.#calls.get(id)?.fail(asUrdError(thrown));
    return [frameKind.cancel, id, errorRecord(thrown)];
  }

  readonly #receive = (frame: HandlerFrame): void => {
    const call = this.#calls.get(frame[1]);
    if (call === undefined) return;
    switch (frame[0]) {
      case frameKind.answer:
        call.answer(frame[2]);
        break;
      case frameKind.message:
        call.message(frame[2]);
        break;
      case frameKind.end:
        call.end();
        break;
      case frameKind.error:
        call.fail(failureOf(frame[2]));
        break;
      case frameKind.credit:
        call.credit(frame[2]);
        break;
    }
  };
}

const ignoreStreamFrames = {
  message: () => undefined,
  end: () => undefined,
  credit: () => undefined,
} as const;

const failureOf = (record: ErrorRecord): UrdError => errorFromRecord(record);

const goneError = (): UrdError =>
  rpcError("rpc-unavailable", "The thread that serves this call has ended or is being stopped.");

const endedError = (): UrdError =>
  rpcError("rpc-cancelled", "The call ended before all of its requests were sent.");
