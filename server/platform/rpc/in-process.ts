import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Clock } from "../base/index.ts";
import { CallScope, readScoped } from "./call-scope.ts";
import { asUrdError, cancelledError, rpcError } from "./errors.ts";
import {
  callForMany,
  callForOne,
  createRouter,
  methodPath,
  type Router,
  type ServedMethod,
  type ServedService,
} from "./service.ts";
import type { CallOptions, Channel } from "./types.ts";

/**
 * A channel to handlers of the same thread: calls go straight through and messages are passed
 * as they are. Back-pressure of streams is the reader's own pace.
 * @public Roles of one thread reach each other so.
 */
export function openInProcessChannel(
  services: readonly ServedService[],
  options: { readonly clock: Clock },
): Channel {
  const state: InProcess = {
    router: createRouter(services),
    clock: options.clock,
    open: new Set(),
    closed: false,
  };
  return {
    unary: (method, request, callOptions) => callOnce(state, { method, request }, callOptions),
    stream: (method, input, callOptions) => callStream(state, { method, input }, callOptions),
    close: () => {
      state.closed = true;
      for (const scope of state.open) scope.fail(closedError());
    },
  };
}

interface InProcess {
  readonly router: Router;
  readonly clock: Clock;
  readonly open: Set<CallScope>;
  closed: boolean;
}

const closedError = () => rpcError("rpc-unavailable", "The service was closed.");

function begin(state: InProcess, options: CallOptions): CallScope {
  if (state.closed) throw closedError();
  const scope = new CallScope(options, state.clock);
  scope.watch();
  if (scope.failure !== undefined) throw scope.failure;
  state.open.add(scope);
  return scope;
}

function end(state: InProcess, scope: CallScope): void {
  state.open.delete(scope);
  scope.close();
}

function lookUp(state: InProcess, method: DescMethod): ServedMethod {
  const served = state.router(methodPath(method));
  if (served !== undefined) return served;
  throw rpcError("rpc-unimplemented", `The method ${methodPath(method)} is not served here.`);
}

async function callOnce(
  state: InProcess,
  call: { method: DescMethod; request: Message },
  options: CallOptions,
): Promise<Message> {
  const served = lookUp(state, call.method);
  const scope = begin(state, options);
  try {
    return await scope.race(callForOne(served, call.request, scope));
  } catch (thrown) {
    throw asUrdError(thrown);
  } finally {
    end(state, scope);
  }
}

async function* callStream(
  state: InProcess,
  call: { method: DescMethod; input: Message | AsyncIterable<Message> },
  options: CallOptions,
): AsyncGenerator<Message> {
  const served = lookUp(state, call.method);
  const scope = begin(state, options);
  const single = call.method.methodKind === "client_streaming";
  let ended = false;
  try {
    const input = Symbol.asyncIterator in call.input ? watched(call.input, scope) : call.input;
    if (single) yield await scope.race(callForOne(served, input, scope));
    else yield* readScoped(callForMany(served, input, scope), scope);
    ended = true;
  } catch (thrown) {
    ended = true;
    throw asUrdError(thrown);
  } finally {
    if (!ended) scope.fail(cancelledError(undefined));
    end(state, scope);
  }
}

/** Requests as the handler reads them: when their source fails, the call fails. */
async function* watched(
  requests: AsyncIterable<Message>,
  scope: CallScope,
): AsyncGenerator<Message> {
  try {
    yield* requests;
  } catch (thrown) {
    const failure = asUrdError(thrown);
    scope.fail(failure);
    throw failure;
  }
}
