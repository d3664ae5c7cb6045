/**
 * One request with its answer, watched for clients that stall. A handler may take as long as
 * it likes; a client owes progress: the bytes of its body while we wait for them, and room
 * for the bytes of the answer while they wait for it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Clock, Timer } from "../../platform/base/index.ts";
import type { FrontPortLimits } from "./limits.ts";

/** A request of either protocol. */
export type FrontRequest = IncomingMessage | Http2ServerRequest;

/** An answer of either protocol. */
export type FrontResponse = ServerResponse | Http2ServerResponse;

/** Answers requests of both protocols. Neither call throws. */
export interface FrontHandler {
  handle(request: FrontRequest, response: FrontResponse): void;
  /** For clients that wait for `100 Continue`, which the handler gives, before they send more. */
  handleExpectContinue(request: FrontRequest, response: FrontResponse): void;
}

/** Why a client was cut off. */
export type CutReason =
  | "too-many-connections"
  | "no-first-bytes"
  | "body-too-slow"
  | "body-stalled"
  | "answer-not-read"
  | "ping-unanswered";

/** What watching needs. */
export interface ExchangeWatch {
  readonly clock: Clock;
  readonly limits: FrontPortLimits;
  /** Requests whose body may stay open and silent, such as a stream of writes. */
  readonly isLongLived: (request: FrontRequest) => boolean;
  readonly onCut: (reason: CutReason) => void;
}

/** A request that is being answered. */
export interface Exchange {
  /** Judges a client that was silent for the stall timeout; true when it was cut. */
  judgeSilence(): boolean;
}

/** Begins to watch a request; ends by itself with the answer. */
export function watchExchange(
  request: FrontRequest,
  response: FrontResponse,
  watch: ExchangeWatch,
): Exchange {
  const longLived = watch.isLongLived(request);
  const cut = (reason: CutReason): void => {
    watch.onCut(reason);
    cutOff(request, response, reason);
  };
  if (!longLived && !bodyIsComplete(request)) {
    const timer = watch.clock.after(watch.limits.bodyTimeoutMs, () => {
      if (!bodyIsComplete(request)) cut("body-too-slow");
    });
    cancelAtEnd(request, response, timer);
  }
  let owed = false;
  return {
    judgeSilence() {
      // Bytes that came and that the handler has not read: the silence was ours. It may have
      // read them just now, so the client gets another period before it is judged.
      const owedBefore = owed;
      owed = request.readableLength > 0;
      const reason = faultOf(request, response, longLived || owed || owedBefore);
      if (reason !== undefined) cut(reason);
      return reason !== undefined;
    },
  };
}

function cancelAtEnd(request: FrontRequest, response: FrontResponse, timer: Timer): void {
  const cancel = (): void => timer.cancel();
  request.once("end", cancel);
  response.once("close", cancel);
}

/** What a silent client failed to do; undefined when it waits for us. */
function faultOf(
  request: FrontRequest,
  response: FrontResponse,
  bodyExcused: boolean,
): CutReason | undefined {
  if (bytesUnsent(response) > 0) return "answer-not-read";
  return bodyExcused || bodyIsComplete(request) ? undefined : "body-stalled";
}

/** True when the client has sent all it will send of this request. */
function bodyIsComplete(request: FrontRequest): boolean {
  if (!("stream" in request)) {
    const { headers, complete } = request;
    const hasBody =
      headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
    return complete || !hasBody;
  }
  const { stream } = request;
  return stream.destroyed || stream.endAfterHeaders || stream.state.remoteClose === 1;
}

function bytesUnsent(response: FrontResponse): number {
  return "stream" in response ? (response.stream?.writableLength ?? 0) : response.writableLength;
}

function cutOff(request: FrontRequest, response: FrontResponse, reason: CutReason): void {
  if ("stream" in request) {
    request.stream.close(constants.NGHTTP2_CANCEL);
    return;
  }
  const { socket } = request;
  if (response.headersSent || reason === "answer-not-read") {
    socket.destroy();
    return;
  }
  // A whole answer in one write; whoever does not read it has no claim to more.
  socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  socket.destroySoon();
}
