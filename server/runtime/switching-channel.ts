import type { Channel } from "../platform/rpc/index.ts";

/** A channel whose other end may come, go and come again. */
export interface SwitchingChannel extends Channel {
  /** Sends calls to `target` from now on, or fails them when undefined. Closes the former one. */
  use(target: Channel | undefined): void;
}

/** A channel that fails every call with `unavailable()` until it is given a target. */
export function createSwitchingChannel(unavailable: () => Error): SwitchingChannel {
  let current: Channel | undefined;
  const target = (): Channel => {
    if (current === undefined) throw unavailable();
    return current;
  };
  return {
    // async, so that an absent target rejects as every other failure of a call does
    unary: async (method, request, options) => target().unary(method, request, options),
    stream: (method, input, options) => lazily(() => target().stream(method, input, options)),
    close: () => current?.close(),
    use(next) {
      current?.close();
      current = next;
    },
  };
}

/** A stream that is opened when it is first read. */
async function* lazily<T>(open: () => AsyncIterable<T>): AsyncGenerator<T> {
  yield* open();
}
