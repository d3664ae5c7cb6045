import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { urdError } from "../model/index.ts";
import { chooseEncoding, createCompressor } from "./compression.ts";
import type { Exchange } from "./exchange.ts";

/**
 * So much of an answer is held back before its status goes out: most queries that fail do so
 * by then, and still get their proper status.
 */
const heldBackSizeBytes = 2 ** 20;
/** Smaller answers gain nothing from compression. */
const compressSizeBytesMin = 1024;

/**
 * Sends pieces of JSON as a 200 answer, at the client's pace. A failure among the first
 * mebibyte is thrown with nothing sent; a later one destroys the connection, so that half an
 * answer never looks whole, and is thrown too. The pieces' source is always told to end.
 */
export async function answerJsonStream(
  exchange: Exchange,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const source = pieces[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let whole = false;
  while (!whole && heldBytes < heldBackSizeBytes) {
    const next = await source.next();
    if (next.done === true) whole = true;
    else {
      held.push(next.value);
      heldBytes += next.value.length;
    }
  }
  const { request, response } = exchange;
  if (response.destroyed) {
    await source.return?.();
    throw urdError("query-cancelled", "The client went away.");
  }
  const accepted = chooseEncoding(request.headers["accept-encoding"]);
  const encoding = whole && heldBytes < compressSizeBytesMin ? undefined : accepted;
  response.statusCode = 200;
  response.setHeader("Content-Type", "application/json");
  if (encoding === undefined && whole) {
    response.setHeader("Content-Length", heldBytes);
    response.end(Buffer.concat(held, heldBytes));
    return;
  }
  if (encoding !== undefined) response.setHeader("Content-Encoding", encoding);
  const all = Readable.from(joined(held, source), { objectMode: false });
  if (encoding === undefined) await pipeline(all, response);
  else await pipeline(all, createCompressor(encoding), response);
}

async function* joined(
  held: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* held;
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}

/** Sends one JSON text as a 200 answer. */
export function answerJson(exchange: Exchange, text: string): Promise<void> {
  return answerJsonStream(exchange, onePiece(text));
}

async function* onePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text, "utf8");
}
