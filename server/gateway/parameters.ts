import { ByteBudget } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import { type Exchange, headerValues } from "./exchange.ts";
import { declaredSizeBytes, readChunks } from "./request-body.ts";

/** A form may be so large: Mimir's bound for the bodies of queries. */
const bodySizeBytesMax = 10 * 2 ** 20;
/** All forms that are being read at once. */
const bodiesSizeBytesMax = 64 * 2 ** 20;
/** More parameters than any client sends; each costs an object. */
const parametersMax = 10_000;

/** Parameters of a request: those of the body come before those of the address. */
export interface Parameters {
  /** First value, or the empty string. */
  first(name: string): string;
  all(name: string): readonly string[];
}

/** Bytes of forms being read, over all requests of a gateway. */
export function createFormBudget(): ByteBudget {
  return new ByteBudget(bodiesSizeBytesMax);
}

/**
 * Reads the parameters from the address and, when the body is a form, from the body. Other
 * bodies are read and left alone: some clients post JSON types with everything in the address.
 */
export async function readParameters(exchange: Exchange, budget: ByteBudget): Promise<Parameters> {
  const form = exchange.method === "POST" ? await readForm(exchange, budget) : "";
  const separators = count(form, "&") + count(exchange.search, "&");
  if (separators > parametersMax) {
    throw urdError("request-invalid", `more than ${parametersMax} parameters in one request`);
  }
  const values = new Map<string, string[]>();
  for (const source of [form, exchange.search]) {
    for (const [name, value] of new URLSearchParams(source)) {
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
  }
  return {
    first: (name) => values.get(name)?.[0] ?? "",
    all: (name) => values.get(name) ?? [],
  };
}

async function readForm(exchange: Exchange, budget: ByteBudget): Promise<string> {
  if ((declaredSizeBytes(exchange) ?? 0) > bodySizeBytesMax) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    await readChunks(exchange, (chunk) => {
      if (sizeBytes + chunk.length > bodySizeBytesMax) throw tooLarge();
      if (!budget.reserve(chunk.length)) {
        throw urdError("query-queue-full", "Too many bytes of queries are being read.");
      }
      sizeBytes += chunk.length;
      chunks.push(chunk);
    });
    return isForm(exchange) ? Buffer.concat(chunks, sizeBytes).toString("utf8") : "";
  } finally {
    budget.release(sizeBytes);
  }
}

/** Only the media type counts; what follows the semicolon varies from client to client. */
function isForm(exchange: Exchange): boolean {
  const [type = ""] = headerValues(exchange.request, "content-type");
  return type.split(";", 1)[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
}

function tooLarge(): Error {
  return urdError("request-too-large", "The body of the request is larger than allowed.", {
    limit: bodySizeBytesMax,
  });
}

function count(text: string, mark: string): number {
  let found = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) found++;
  return found;
}
