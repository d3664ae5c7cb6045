import type { IncomingHttpHeaders } from "node:http";
import type { Readable, Writable } from "node:stream";

/** A request of either HTTP version, as Node's servers hand it over. */
export interface HttpRequest extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came; tells a header that was given twice. */
  readonly rawHeaders: readonly string[];
  /** False while the body is still on its way. */
  readonly complete: boolean;
}

/** An answer of either HTTP version. */
export interface HttpResponse extends Writable {
  statusCode: number;
  readonly headersSent: boolean;
  /** The stream of an HTTP/2 answer. */
  readonly stream?: Writable & { close(code: number): void };
  setHeader(name: string, value: string | number): unknown;
  writeContinue(): void;
}

/** One request with its answer, and what was read off its first line. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Upper-case. */
  readonly method: string;
  /** Path as it came, percent signs included, without the query. */
  readonly path: string;
  /** What follows the question mark; empty when there is none. */
  readonly search: string;
  /** Aborts when the client goes away before the answer is whole. */
  readonly signal: AbortSignal;
  /** True when the client waits for leave to send its body; `readChunks` gives it. */
  readonly expectsContinue: boolean;
}

/** Opens the exchange of a request. */
export function openExchange(
  request: HttpRequest,
  response: HttpResponse,
  options: { readonly expectsContinue: boolean },
): Exchange {
  const url = request.url ?? "/";
  const question = url.indexOf("?");
  const abort = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) abort.abort(new Error("the client went away"));
  });
  // A client that resets its connection is not a fault of ours; `close` follows anyway.
  response.on("error", () => {});
  return {
    request,
    response,
    method: request.method ?? "GET",
    path: question < 0 ? url : url.slice(0, question),
    search: question < 0 ? "" : url.slice(question + 1),
    signal: abort.signal,
    expectsContinue: options.expectsContinue,
  };
}

/** All values of a header as they came; `name` in lower case. */
export function headerValues(request: HttpRequest, name: string): readonly string[] {
  const values: string[] = [];
  const raw = request.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === name) values.push(raw[i + 1] ?? "");
  }
  return values;
}

/** Ends an answer with a text in one piece; nothing when the client is gone. */
export function answerText(
  { response, method }: Exchange,
  answer: { readonly status: number; readonly type: string; readonly text: string },
): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(answer.text, "utf8");
  response.statusCode = answer.status;
  response.setHeader("Content-Type", answer.type);
  response.setHeader("Content-Length", bytes.length);
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.end(method === "HEAD" ? undefined : bytes);
}

/** Ends an answer without a body. */
export function answerEmpty({ response }: Exchange, status: number): void {
  if (response.destroyed) return;
  response.statusCode = status;
  response.end();
}
