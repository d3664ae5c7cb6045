import { constants } from "node:http2";
import { urdError } from "../model/index.ts";
import type { Exchange } from "./exchange.ts";

/** Bodies that nobody wants are read to their end up to here, so that the connection lives on. */
const drainSizeBytesMax = 32 * 2 ** 20;
/** The same for bodies that did not say how long they are. */
const drainUnknownSizeBytesMax = 2 ** 20;

/** Size of the body as declared; undefined when the sender did not say. */
export function declaredSizeBytes({ request }: Exchange): number | undefined {
  const text = request.headers["content-length"];
  if (text !== undefined) return Number(text);
  // HTTP/1 without length and chunks has no body; HTTP/2 ends its bodies without saying.
  const open = request.headers["transfer-encoding"] !== undefined || ":path" in request.headers;
  return open ? undefined : 0;
}

/**
 * Gives the body's chunks to `take` as they come; each is valid during the call only. Resolves
 * at the end of the body, rejects when `take` throws or the client goes away before.
 */
export function readChunks(exchange: Exchange, take: (chunk: Uint8Array) => void): Promise<void> {
  const { request, response } = exchange;
  const gone = (): Error =>
    urdError("query-cancelled", "The client went away before its request was whole.");
  if (request.readableEnded) return Promise.resolve();
  if (request.destroyed) return Promise.reject(gone());
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("close", onGone);
      request.off("error", onGone);
      request.pause();
    };
    const onData = (chunk: Uint8Array): void => {
      try {
        take(chunk);
      } catch (error) {
        stop();
        reject(error as Error);
      }
    };
    const onEnd = (): void => {
      stop();
      resolve();
    };
    const onGone = (): void => {
      stop();
      reject(gone());
    };
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("close", onGone);
    request.on("error", onGone);
    if (exchange.expectsContinue) response.writeContinue();
    request.resume();
  });
}

/**
 * Deals with a body that is not wanted, before the refusal is sent. A moderate one is read and
 * thrown away, as many clients look at the answer only after their last byte; of an endless
 * one no more than a bounded part is taken, and the connection ends with the answer.
 */
export async function discardBody(exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  if (request.complete || request.readableEnded || exchange.expectsContinue) {
    if (exchange.expectsContinue) closeAfterAnswer(exchange);
    return;
  }
  const declared = declaredSizeBytes(exchange);
  if (declared !== undefined && declared > drainSizeBytesMax) return closeAfterAnswer(exchange);
  let left = declared === undefined ? drainUnknownSizeBytesMax : drainSizeBytesMax;
  try {
    await readChunks(exchange, (chunk) => {
      left -= chunk.length;
      if (left < 0) throw urdError("request-too-large", "The body is not wanted.");
    });
  } catch {
    if (!response.destroyed) closeAfterAnswer(exchange);
  }
}

/** What still comes is not read: the connection, or in HTTP/2 the stream alone, has to end. */
function closeAfterAnswer({ response }: Exchange): void {
  const { stream } = response;
  if (stream === undefined) response.setHeader("Connection", "close");
  else stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
}
