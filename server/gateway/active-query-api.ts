import type { ActiveQuery } from "../../gen/urd/query/v1/query_pb.ts";
import { urdError } from "../model/index.ts";
import { answerJson } from "./answer-stream.ts";
import { headerValues } from "./exchange.ts";
import { badParameter, type ReadCall } from "./read-api.ts";

/** Serves /api/v1/status/active_queries: the tenant's queries at work, the oldest first. */
export async function serveActiveQueries({ exchange, query, call }: ReadCall): Promise<void> {
  const { queries } = await query.listQueries({}, call);
  await answerJson(exchange, JSON.stringify({ status: "success", data: queries.map(shown) }));
}

function shown(query: ActiveQuery): Record<string, string | number> {
  return {
    id: query.id,
    query: query.query,
    startedAt: new Date(Number(query.startedMs)).toISOString(),
    start: Number(query.startMs) / 1000,
    end: Number(query.endMs) / 1000,
    step: Number(query.stepMs) / 1000,
    threadSeconds: Number(query.threadUs) / 1e6,
    samples: Number(query.samples),
  };
}

/**
 * Serves /api/v1/status/active_queries/cancel: ends the query `id`; 404 when it is not there.
 * Pages of other origins may not: a form can be posted without asking first.
 */
export async function serveCancelQuery(read: ReadCall): Promise<void> {
  const { exchange, parameters, query, call } = read;
  refuseForeignOrigin(exchange.request);
  const id = parameters.first("id");
  if (id === "") throw badParameter("id", "the id of a query at work is needed");
  const { found } = await query.cancelQuery({ id }, call);
  if (!found) throw urdError("not-found", `There is no query ${JSON.stringify(id)} at work.`);
  await answerJson(exchange, '{"status":"success"}');
}

function refuseForeignOrigin(request: Parameters<typeof headerValues>[0]): void {
  const [origin] = headerValues(request, "origin");
  if (origin === undefined) return;
  const [host = request.headers[":authority"]] = headerValues(request, "host");
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw urdError("request-invalid", "A page of another origin may not cancel queries.");
}
