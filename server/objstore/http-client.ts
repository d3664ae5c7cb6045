import {
  Agent as PlainAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plainRequest,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import { collectBody, type ContentRange, expectRange } from "./body.ts";
import { connectionFault, type FaultPlace, unavailable } from "./faults.ts";

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still to be read, or to be let go with `discard`. */
export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** Connections to one host; what S3's and Azure's own clients keep at most. */
const socketsMax = 50;

/** Largest answer that is no object: a page of names, a catalogue. */
const textSizeBytesMax = 16 * 1024 * 1024;

/** Plain HTTP requests over kept connections: no redirects, no retries, no opinions. */
export class HttpClient {
  readonly #plain = new PlainAgent({ keepAlive: true, maxSockets: socketsMax });
  readonly #tls = new TlsAgent({ keepAlive: true, maxSockets: socketsMax });

  /** Sends a request; resolves with the head of the answer. Throws `bucket-unavailable`. */
  send(request: HttpRequest, at: FaultPlace): Promise<HttpAnswer> {
    const { method, url, body, signal } = request;
    const isTls = url.protocol === "https:";
    const headers: Record<string, string | number> = { ...request.headers };
    if (body !== undefined) headers["content-length"] = body.length;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        reject(signal?.aborted === true ? reasonOf(signal, at) : connectionFault(at, error));
      };
      const agent = isTls ? this.#tls : this.#plain;
      const options = { method, headers, agent, ...(signal === undefined ? {} : { signal }) };
      const outgoing = (isTls ? tlsRequest : plainRequest)(url, options, (answer) =>
        resolve({
          status: answer.statusCode ?? 0,
          reason: answer.statusMessage ?? "",
          headers: answer.headers,
          body: answer,
        }),
      );
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  }

  /** Closes idle connections; those in use close when their answer is read. */
  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

/** Why a call was ended; a timeout of the driver's own is a fault like any other. */
function reasonOf({ reason }: AbortSignal, at: FaultPlace): Error {
  const isTimeout = reason instanceof DOMException && reason.name === "TimeoutError";
  return isTimeout ? unavailable(at, "no answer in time", { cause: reason }) : (reason as Error);
}

/** Lets the body of an answer go, so that its connection can be used again. */
export function discard(answer: HttpAnswer): void {
  answer.body.on("error", () => {});
  answer.body.resume();
}

/** Length that an answer announces; undefined when it comes in chunks. */
export function contentLength(answer: HttpAnswer): number | undefined {
  const header = answer.headers["content-length"];
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** What an answer's body is; an answer that is not what was asked for is let go. */
export function expectPart(
  answer: HttpAnswer,
  range: { offsetBytes: number; sizeBytes: number },
  at: FaultPlace,
): ContentRange {
  const contentRange = headerOf(answer, "content-range");
  try {
    return expectRange(at, range, { contentRange, contentLength: contentLength(answer) });
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

/** Reads the bytes of an answer, which must be exactly `sizeBytes`. */
export async function readBytes(
  answer: HttpAnswer,
  expected: { sizeBytes: number; signal?: AbortSignal | undefined },
  at: FaultPlace,
): Promise<Uint8Array> {
  try {
    return await collectBody(answer.body, expected, at);
  } catch (error) {
    expected.signal?.throwIfAborted();
    throw connectionFault(at, error);
  } finally {
    answer.body.destroy();
  }
}

/** Reads a whole answer as text, of a bounded size, whether its length was announced or not. */
export async function readText(
  answer: HttpAnswer,
  signal: AbortSignal | undefined,
  at: FaultPlace,
): Promise<string> {
  const sizeBytes = contentLength(answer);
  if (sizeBytes !== undefined && sizeBytes <= textSizeBytesMax) {
    return Buffer.from(await readBytes(answer, { sizeBytes, signal }, at)).toString();
  }
  const pieces: Buffer[] = [];
  let gotBytes = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      gotBytes += piece.length;
      if (gotBytes > textSizeBytesMax) throw unavailable(at, "the answer does not end");
      pieces.push(piece);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw connectionFault(at, error);
  } finally {
    answer.body.destroy();
  }
  return Buffer.concat(pieces).toString();
}

/** A value of JSON text; what is not JSON was cut off or never came from the store. */
export function parseJson(text: string, at: FaultPlace): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw unavailable(at, "the answer is not JSON", { cause: error });
  }
}

/** Texts of headers that occur once. */
export function headerOf(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
