/** The client for browsers and everything else that has fetch: the Connect protocol. */
import { clientOver, headersInterceptor } from "./client.ts";
import { connectOverFetch } from "./connect-fetch.ts";
import type { UrdClient, UrdClientOptions } from "./types.ts";

export * from "./exports.ts";

/**
 * Makes a client; nothing is sent before the first call.
 *
 * ```ts
 * const client = createUrdClient({ baseUrl: location.origin });
 * const { items } = await client.labelValues("__name__");
 * ```
 */
export function createUrdClient(options: UrdClientOptions): UrdClient {
  const transport = connectOverFetch(options.baseUrl, [headersInterceptor(options)]);
  return clientOver({ transport, close: () => undefined }, options);
}
