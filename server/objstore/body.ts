import { hash } from "node:crypto";
import { checkLength, type FaultPlace, unavailable } from "./faults.ts";

/** A body on its way in, as Node's HTTP client and the SDKs give it. */
export interface IncomingBody extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown;
}

/** What a body has to be. */
export interface BodyExpectation {
  /** Bytes that it must have, no more and no fewer. */
  readonly sizeBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body to its end. Throws when it ends early, goes on for too long, or breaks; aborting
 * the signal ends the connection under it.
 */
export async function collectBody(
  body: IncomingBody,
  { sizeBytes, signal }: BodyExpectation,
  at: FaultPlace,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let gotBytes = 0;
  const onAbort = (): void => void body.destroy(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal?.aborted === true) onAbort();
    for await (const piece of body) {
      if (gotBytes + piece.length > sizeBytes) throw tooLong(at, sizeBytes);
      bytes.set(piece, gotBytes);
      gotBytes += piece.length;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  signal?.throwIfAborted();
  checkLength(at, { gotBytes, wantedBytes: sizeBytes });
  return bytes;
}

function tooLong(at: FaultPlace, sizeBytes: number): Error {
  return unavailable(at, `the body has more than the ${sizeBytes} bytes that were announced`);
}

/** Where a partial answer stands in its object, from a Content-Range header. */
export interface ContentRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly objectSizeBytes: number;
}

const contentRangePattern = /^bytes (\d+)-(\d+)\/(\d+)$/;

/** Reads a Content-Range header; undefined when it says nothing usable. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = contentRangePattern.exec(header ?? "");
  if (match === null) return undefined;
  const [offsetBytes, last, objectSizeBytes] = match.slice(1).map(Number) as [
    number,
    number,
    number,
  ];
  if (last < offsetBytes || last >= objectSizeBytes) return undefined;
  return { offsetBytes, sizeBytes: last - offsetBytes + 1, objectSizeBytes };
}

/** Headers of an answer to a range read. */
export interface RangeHeaders {
  readonly contentRange: string | undefined;
  readonly contentLength: number | undefined;
}

/**
 * What the headers of an answer say that its body is, checked against what was asked for: the
 * first byte must be the one asked for, the last that or the object's last.
 */
export function expectRange(
  at: FaultPlace,
  asked: { offsetBytes: number; sizeBytes: number },
  headers: RangeHeaders,
): ContentRange {
  const range = parseContentRange(headers.contentRange) ?? wholeObject(headers);
  const wanted =
    range && Math.max(0, Math.min(asked.sizeBytes, range.objectSizeBytes - asked.offsetBytes));
  if (
    range === undefined ||
    range.sizeBytes !== wanted ||
    range.offsetBytes !== asked.offsetBytes
  ) {
    const got = headers.contentRange ?? `${headers.contentLength ?? "unknown"} bytes`;
    throw unavailable(at, `asked for ${rangeHeader(asked)}, and the answer is ${got}`);
  }
  return range;
}

/** An answer without Content-Range is the object from its start. */
function wholeObject({ contentRange, contentLength }: RangeHeaders): ContentRange | undefined {
  if (contentRange !== undefined || contentLength === undefined) return undefined;
  return { offsetBytes: 0, sizeBytes: contentLength, objectSizeBytes: contentLength };
}

/** The Range header that asks for some bytes. */
export function rangeHeader(range: { offsetBytes: number; sizeBytes: number }): string {
  return `bytes=${range.offsetBytes}-${range.offsetBytes + range.sizeBytes - 1}`;
}

/** MD5 of bytes as stores compare it, so that what arrives changed is not kept. */
export function md5(bytes: Uint8Array, encoding: "base64" | "hex"): string {
  return hash("md5", bytes, encoding);
}

/** Milliseconds of a Retry-After header in its form of seconds; undefined otherwise. */
export function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
