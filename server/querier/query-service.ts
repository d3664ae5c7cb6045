import {
  type QueryInstantRequest,
  type QueryOptions,
  type QueryRangeRequest,
  ResultFormat,
} from "../../gen/urd/query/v1/query_pb.ts";
import type { CallContext, RawQueryService, ServiceHandlers } from "../platform/rpc/index.ts";
import { createActiveQueryHandlers } from "./active-query-service.ts";
import type { AnswerPart } from "./answer-options.ts";
import { columnsAnswer } from "./columns-answer.ts";
import { engine, evaluate, type Query, type QueryServiceOptions } from "./evaluate.ts";
import { createExemplarHandlers } from "./exemplar-service.ts";
import { explain } from "./explain-service.ts";
import { jsonAnswer } from "./json-answer.ts";
import { createLabelHandlers } from "./label-service.ts";
import { checkTimes } from "./query-times.ts";

/**
 * Serves urd.query.v1.QueryService in one thread: evaluates PromQL over what `open` gives and
 * writes the answer's bytes. Failures are UrdErrors in Prometheus's words where it has some.
 */
export function createQueryService(
  options: QueryServiceOptions,
): ServiceHandlers<typeof RawQueryService> {
  return {
    ...createLabelHandlers(options),
    ...createExemplarHandlers(options),
    ...createActiveQueryHandlers(options.active),
    explain: (request, context) => explain(options, request, context),
    async *queryInstant(request, context) {
      for await (const part of instant(options, request, context)) yield { part };
    },
    async *queryRange(request, context) {
      for await (const part of range(options, request, context)) yield { part };
    },
  };
}

function instant(
  service: QueryServiceOptions,
  request: QueryInstantRequest,
  context: CallContext,
): AsyncGenerator<AnswerPart> {
  const timeMs = request.timeMs === undefined ? service.clock.nowMs() : Number(request.timeMs);
  return answer(service, {
    text: request.query,
    options: request.options,
    stats: false,
    times: { startMs: timeMs, endMs: timeMs, stepMs: 0 },
    context,
    start: (what, queryable, call) => engine.instant({ ...what, timeMs }, queryable, call),
  });
}

function range(
  service: QueryServiceOptions,
  request: QueryRangeRequest,
  context: CallContext,
): AsyncGenerator<AnswerPart> {
  const times = {
    startMs: Number(request.startMs),
    endMs: Number(request.endMs),
    stepMs: Number(request.stepMs),
  };
  checkTimes(times);
  return answer(service, {
    text: request.query,
    options: request.options,
    stats: false,
    times,
    context,
    start: (what, queryable, call) => engine.range({ ...what, ...times }, queryable, call),
  });
}

async function* answer(service: QueryServiceOptions, query: Query): AsyncGenerator<AnswerPart> {
  yield* evaluate(service, query, ({ result, end }) => {
    const limit = Number(query.options?.limit ?? 0n);
    return writerOf(query.options)({ result, limit, end });
  });
}

function writerOf(options: QueryOptions | undefined): typeof jsonAnswer {
  return options?.format === ResultFormat.PROMETHEUS_JSON ? jsonAnswer : columnsAnswer;
}
