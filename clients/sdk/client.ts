import type { Interceptor, Transport } from "@connectrpc/connect";
import { readingCalls } from "./reading.ts";
import { defaultRetry, systemWorld, type World } from "./retry.ts";
import type { UrdClient, UrdClientOptions } from "./types.ts";
import { writingCalls } from "./writing.ts";

/** A transport with what ends it. */
export interface Connection {
  readonly transport: Transport;
  readonly close: () => void;
}

/** Half the patience of most callers' own deadlines. */
const timeoutMsDefault = 60_000;

/** The client over a connection; `world` is for tests. */
export function clientOver(
  connection: Connection,
  options: UrdClientOptions,
  world: World = systemWorld,
): UrdClient {
  const parts = {
    transport: connection.transport,
    retry: { ...defaultRetry, ...options.retry },
    timeoutMs: options.timeoutMs ?? timeoutMsDefault,
    world,
  };
  return { ...writingCalls(parts), ...readingCalls(parts), close: connection.close };
}

/** Adds the client's headers to each call. */
export function headersInterceptor(options: UrdClientOptions): Interceptor {
  const headers = Object.entries(options.headers ?? {});
  if (options.tenant !== undefined) headers.push(["x-scope-orgid", options.tenant]);
  return (next) => (request) => {
    for (const [name, value] of headers) request.header.set(name, value);
    return next(request);
  };
}
