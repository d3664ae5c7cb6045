/**
 * The Connect protocol over fetch, for browsers. Bodies of requests are gathered before they
 * are sent, as browsers stream answers but not requests.
 */
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";

/** Answers of servers are as large as their queries ask for; the reader decides. */
const unlimited = 0xffffffff;

/** A transport of the Connect protocol over the platform's fetch. */
export function connectOverFetch(baseUrl: string, interceptors: Interceptor[]): Transport {
  return createTransport({
    baseUrl,
    httpClient: fetchBuffered,
    useBinaryFormat: true,
    interceptors,
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: unlimited,
    readMaxBytes: unlimited,
    writeMaxBytes: unlimited,
  });
}

const fetchBuffered: UniversalClientFn = async (request) => {
  const body = await gather(request.body);
  const answer = await fetch(request.url, {
    method: request.method,
    headers: request.header,
    ...(body === undefined ? {} : { body }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  }).catch((thrown: unknown) => {
    // fetch says the same of every failure: that the server could not be reached.
    if (request.signal?.aborted === true) throw thrown;
    throw new ConnectError("The server cannot be reached.", Code.Unavailable, {}, [], thrown);
  });
  return {
    status: answer.status,
    header: answer.headers,
    body: chunksOf(answer.body),
    trailer: new Headers(),
  };
};

async function gather(
  body: AsyncIterable<Uint8Array> | undefined,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (body === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    sizeBytes += chunk.byteLength;
  }
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Not every browser can iterate a ReadableStream. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    ended = true;
  } finally {
    if (!ended) reader.cancel().catch(() => undefined);
  }
}
