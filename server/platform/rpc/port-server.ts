import type { Message } from "@bufbuild/protobuf";
import { type Clock, UrdError } from "../base/index.ts";
import { CallScope, readScoped } from "./call-scope.ts";
import { asUrdError, cancelledError, errorFromRecord, errorRecord, rpcError } from "./errors.ts";
import { CreditGate, Inbox } from "./flow.ts";
import { eachFrame, FramePoster } from "./frame-poster.ts";
import {
  type CallerFrame,
  defaultWindowMessages,
  frameKind,
  type HandlerFrame,
  type OpenFrame,
  type Port,
} from "./port-frames.ts";
import {
  callForMany,
  callForOne,
  createRouter,
  type Router,
  type ServedMethod,
  type ServedService,
} from "./service.ts";
import { transferables } from "./transfer.ts";

/** What a handlers' side needs beside its port. */
export interface PortServerOptions {
  readonly clock: Clock;
  /** Must be that of the caller's side; 8 messages when left out. */
  readonly windowMessages?: number;
  /** Calls beyond so many open ones are refused with rpc-overloaded; 4,096 when left out. */
  readonly callsMax?: number;
  /** Hears of everything thrown that is not an UrdError, for the log. */
  readonly onBug?: (thrown: unknown, path: string) => void;
}

/** Handlers at one end of a port. */
export interface PortServer {
  /** Calls being served. */
  readonly callsOpen: number;
  /** Cancels all calls and closes the port. Idempotent. */
  close(): void;
}

/**
 * Serves calls that come through `port`, which it owns from now on. Whole buffers (4 KiB and
 * more) in the messages of a streamed answer are handed over, not copied.
 */
export function serveOnPort(
  port: Port,
  services: readonly ServedService[],
  options: PortServerOptions,
): PortServer {
  return new PortHandlers(port, createRouter(services), options);
}

interface ServedCall {
  readonly scope: CallScope;
  readonly inbox: Inbox<Message> | undefined;
  readonly gate: CreditGate;
}

const callsMaxDefault = 4096;

class PortHandlers implements PortServer {
  readonly #port: FramePoster;
  readonly #router: Router;
  readonly #options: PortServerOptions;
  readonly #window: number;
  readonly #calls = new Map<number, ServedCall>();
  #closed = false;

  constructor(port: Port, router: Router, options: PortServerOptions) {
    this.#port = new FramePoster(port);
    this.#router = router;
    this.#options = options;
    this.#window = options.windowMessages ?? defaultWindowMessages;
    port.on("message", (posted) => eachFrame(posted, this.#receive));
    port.on("messageerror", () => this.close());
    port.on("close", () => this.close());
  }

  get callsOpen(): number {
    return this.#calls.size;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#port.close();
    for (const id of this.#calls.keys()) this.#cancel(id, cancelledError(undefined));
  }

  readonly #receive = (frame: CallerFrame): void => {
    if (frame[0] === frameKind.open) {
      this.#open(frame);
      return;
    }
    const call = this.#calls.get(frame[1]);
    if (call === undefined) return;
    switch (frame[0]) {
      case frameKind.message:
        call.inbox?.push(frame[2]);
        break;
      case frameKind.end:
        call.inbox?.end();
        break;
      case frameKind.cancel:
        this.#cancel(frame[1], errorFromRecord(frame[2]));
        break;
      case frameKind.credit:
        call.gate.add(frame[2]);
        break;
    }
  };

  #open(frame: OpenFrame): void {
    const [, id, path, timeoutMs, headers, request] = frame;
    const served = this.#router(path);
    if (served === undefined) {
      this.#refuse(id, rpcError("rpc-unimplemented", `The method ${path} is not served here.`));
      return;
    }
    if (this.#calls.size >= (this.#options.callsMax ?? callsMaxDefault)) {
      this.#refuse(id, rpcError("rpc-overloaded", "The thread serves too many calls at once."));
      return;
    }
    const scope = new CallScope(
      {
        ...(timeoutMs === 0 ? {} : { timeoutMs }),
        ...(headers === null ? {} : { headers }),
      },
      this.#options.clock,
    );
    const inbox = request === null ? this.#inbox(id) : undefined;
    const call: ServedCall = { scope, inbox, gate: new CreditGate(this.#window) };
    this.#calls.set(id, call);
    void this.#serve(id, { served, call, input: request ?? inbox ?? noInput() });
  }

  #inbox(id: number): Inbox<Message> {
    const grant = (count: number): void => {
      if (this.#calls.has(id)) this.#post([frameKind.credit, id, count]);
    };
    return new Inbox(this.#window, grant, () => undefined);
  }

  /** Runs one call to its last frame. Never rejects. */
  async #serve(
    id: number,
    work: {
      served: ServedMethod;
      call: ServedCall;
      input: Message | AsyncIterable<Message>;
    },
  ): Promise<void> {
    const { served, call, input } = work;
    const { methodKind } = served.method;
    try {
      if (methodKind === "unary" || methodKind === "client_streaming") {
        const response = await callForOne(served, input, call.scope);
        if (this.#calls.has(id)) this.#post([frameKind.answer, id, response]);
      } else {
        await this.#sendEach(id, work);
        if (this.#calls.has(id)) this.#post([frameKind.end, id]);
      }
    } catch (thrown) {
      if (!(thrown instanceof UrdError)) {
        this.#options.onBug?.(thrown, `${served.method.parent.typeName}/${served.method.name}`);
      }
      if (this.#calls.has(id)) this.#refuse(id, thrown);
    } finally {
      this.#calls.delete(id);
      call.scope.close();
      call.inbox?.end();
    }
  }

  async #sendEach(
    id: number,
    work: {
      served: ServedMethod;
      call: ServedCall;
      input: Message | AsyncIterable<Message>;
    },
  ): Promise<void> {
    const { served, call, input } = work;
    const { output } = served.method;
    for await (const response of readScoped(callForMany(served, input, call.scope), call.scope)) {
      const wait = call.gate.take();
      if (wait !== undefined) await wait;
      if (this.#calls.has(id)) {
        this.#post([frameKind.message, id, response], transferables(output, response));
      }
    }
  }

  #cancel(id: number, failure: UrdError): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    call.scope.fail(failure);
    call.gate.fail(() => failure);
    call.inbox?.fail(failure);
  }

  #refuse(id: number, thrown: unknown): void {
    this.#post([frameKind.error, id, errorRecord(thrown)]);
  }

  #post(frame: HandlerFrame, transfer?: readonly ArrayBuffer[]): void {
    if (!this.#closed) this.#port.post(frame, (thrown) => this.#uncloned(frame, thrown), transfer);
  }

  /** An answer that cannot be cloned is a bug; its call fails. */
  #uncloned([, id]: HandlerFrame, thrown: unknown): HandlerFrame {
    this.#options.onBug?.(thrown, `the answer of call ${id}`);
    this.#cancel(id, asUrdError(thrown));
    return [frameKind.error, id, errorRecord(thrown)];
  }
}

async function* noInput(): AsyncGenerator<Message> {}
