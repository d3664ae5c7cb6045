import { urdError } from "../model/index.ts";
import {
  type Expr,
  parseExpr,
  PromqlError,
  prettyExpr,
  prometheusJson,
  switchOptions,
} from "../promql/index.ts";
import { answerJson } from "./answer-stream.ts";
import { badParameter, type ReadCall } from "./read-api.ts";

/** Longer texts would hold up the front thread; a query of 240 kB is the longest ever met. */
const queryLengthMax = 256 * 1024;

/** Serves /api/v1/format_query. */
export function serveFormatQuery(read: ReadCall): Promise<void> {
  return answerData(read, prettyExpr(parseQuery(read)));
}

/** Serves /api/v1/parse_query. */
export function serveParseQuery(read: ReadCall): Promise<void> {
  return answerData(read, prometheusJson(parseQuery(read)));
}

function answerData({ exchange }: ReadCall, data: unknown): Promise<void> {
  return answerJson(exchange, JSON.stringify({ status: "success", data }));
}

function parseQuery({ parameters, limits }: ReadCall): Expr {
  const text = parameters.first("query");
  if (text.length > queryLengthMax) {
    throw urdError("request-too-large", "The query is too long to be formatted here.", {
      limit: queryLengthMax,
    });
  }
  try {
    return parseExpr(text, switchOptions(limits).parse);
  } catch (error) {
    if (error instanceof PromqlError) throw badParameter("query", error.message);
    throw error;
  }
}
