import type { TenantId } from "../model/index.ts";
import type { UrdError } from "../platform/base/index.ts";
import { answerEmpty, answerText, type Exchange, headerValues } from "./exchange.ts";
import { plainText } from "./http-errors.ts";
import { declaredSizeBytes, readChunks } from "./request-body.ts";
import { type WriteForm, writeForm } from "./write-headers.ts";

/** What the gateway needs of the distributor; its own types say it more fully. */
export interface WriteTarget {
  /** Lets a push in before its body is read; throws an UrdError when it is refused. */
  begin(
    head: WriteForm & {
      readonly tenant: string;
      readonly declaredSizeBytes: number | undefined;
    },
  ): IncomingWrite;
}

/** A push whose body is on its way. */
export interface IncomingWrite {
  /** Copies a chunk; throws an UrdError, and the push is over then. */
  write(chunk: Uint8Array): void;
  finish(): Promise<WriteResult>;
  /** Nothing is stored; no effect after the end. */
  abort(): void;
}

/** What became of a push; the counts hold even with a failure. */
export interface WriteResult {
  readonly samplesStored: number;
  readonly histogramsStored: number;
  readonly exemplarsStored: number;
  readonly refused: readonly { readonly error: UrdError; readonly samples: number }[];
  readonly failure: UrdError | undefined;
}

/**
 * Serves remote write. The answer: 204 when all is stored; 400 with the first reason when only
 * a part is; otherwise an error is thrown, after the counts of what is stored were set.
 */
export async function serveRemoteWrite(
  target: WriteTarget,
  exchange: Exchange,
  tenant: TenantId,
): Promise<void> {
  const { request } = exchange;
  const form = writeForm({
    contentType: headerValues(request, "content-type"),
    contentEncoding: headerValues(request, "content-encoding"),
  });
  const push = target.begin({
    ...form,
    tenant,
    declaredSizeBytes: declaredSizeBytes(exchange),
  });
  try {
    await readChunks(exchange, (chunk) => push.write(chunk));
  } catch (error) {
    push.abort();
    throw error;
  }
  const result = await push.finish();
  setWrittenHeaders(exchange, result);
  if (result.failure !== undefined) throw result.failure;
  const [first, ...others] = result.refused;
  if (first === undefined) return answerEmpty(exchange, 204);
  answerText(exchange, {
    status: 400,
    type: "text/plain; charset=utf-8",
    text: `${plainText(first.error)}${othersText(others)}\n`,
  });
}

function othersText(others: WriteResult["refused"]): string {
  if (others.length === 0) return "";
  const reasons = others.map(({ error, samples }) => `${error.id} (${samples})`);
  return ` Further samples were refused for ${reasons.join(", ")}.`;
}

/** Tells what is stored; on every answer, as writers of 2.0 take a missing header for a fault. */
export function setWrittenHeaders(
  { response }: Exchange,
  counts: Pick<WriteResult, "samplesStored" | "histogramsStored" | "exemplarsStored">,
): void {
  const prefix = "X-Prometheus-Remote-Write";
  response.setHeader(`${prefix}-Samples-Written`, counts.samplesStored);
  response.setHeader(`${prefix}-Histograms-Written`, counts.histogramsStored);
  response.setHeader(`${prefix}-Exemplars-Written`, counts.exemplarsStored);
}

/** Counts of a push of which nothing is stored. */
export const nothingWritten = {
  samplesStored: 0,
  histogramsStored: 0,
  exemplarsStored: 0,
} as const;
