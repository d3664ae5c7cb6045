import {
  type QueryInstantRequest,
  type QueryOptions,
  type QueryRangeRequest,
  ResultFormat,
} from "../../gen/urd/query/v1/query_pb.ts";
import type { Limits, TenantLimits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { IngesterPeer } from "../peers/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { CallContext, RawQueryService, ServiceHandlers } from "../platform/rpc/index.ts";
import {
  createEngine,
  type QueryResult,
  type QueryOptions as EngineQueryOptions,
} from "../promql/index.ts";
import type { QueryCall, Queryable } from "../storage/index.ts";
import type { ActiveQueries, ActiveQuery } from "./active-queries.ts";
import { createActiveQueryHandlers } from "./active-query-service.ts";
import type { AnswerEnd, AnswerPart } from "./answer-options.ts";
import { columnsAnswer } from "./columns-answer.ts";
import { createExemplarHandlers } from "./exemplar-service.ts";
import { jsonAnswer } from "./json-answer.ts";
import { createLabelHandlers } from "./label-service.ts";
import { namedLimit, samplesMaxOf } from "./query-account.ts";
import type { QueryMetrics } from "./query-metrics.ts";
import { statsJson, statsMessage } from "./query-stats.ts";
import { beginWork } from "./query-work.ts";
import { completenessOf, createReadReport, type ReadReport } from "./read-report.ts";
import { tenantOf } from "./tenant-of.ts";
import type { TurnScheduler } from "./turns.ts";

/** What the query service works with. */
export interface QueryServiceOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly turns: TurnScheduler;
  readonly active: ActiveQueries;
  readonly metrics: QueryMetrics;
  /** All ingest shards, as they are now. */
  readonly peers: () => readonly IngesterPeer[];
  /** Opens one tenant's data for one call. */
  readonly open: (tenant: string, report: ReadReport) => Queryable;
  /** The longest a query may take. */
  readonly timeoutMs: number;
  /** Most samples one query may hold; 0: no limit. */
  readonly samplesMax: number;
  readonly lookbackDeltaMs: number;
}

/**
 * Serves urd.query.v1.QueryService in one thread: evaluates PromQL over what `open` gives and
 * writes the answer's bytes. Failures are UrdErrors in Prometheus's words where it has some.
 */
export function createQueryService(
  options: QueryServiceOptions,
): Omit<ServiceHandlers<typeof RawQueryService>, "explain"> {
  return {
    ...createLabelHandlers(options),
    ...createExemplarHandlers(options),
    ...createActiveQueryHandlers(options.active),
    async *queryInstant(request, context) {
      for await (const part of instant(options, request, context)) yield { part };
    },
    async *queryRange(request, context) {
      for await (const part of range(options, request, context)) yield { part };
    },
  };
}

/** One query on its way, whichever its kind. */
interface Query {
  readonly text: string;
  readonly options: QueryOptions | undefined;
  readonly times: ActiveQuery["times"];
  readonly context: CallContext;
  /** Parses, plans, and gives the result to read. */
  readonly start: (what: EngineQueryOptions, queryable: Queryable, call: QueryCall) => QueryResult;
}

const engine = createEngine();

function instant(
  service: QueryServiceOptions,
  request: QueryInstantRequest,
  context: CallContext,
): AsyncGenerator<AnswerPart> {
  const timeMs = request.timeMs === undefined ? service.clock.nowMs() : Number(request.timeMs);
  return answer(service, {
    text: request.query,
    options: request.options,
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
    times,
    context,
    start: (what, queryable, call) => engine.range({ ...what, ...times }, queryable, call),
  });
}

/** Prometheus's bound on steps: sixty seconds' resolution for a week, an hour's for a year. */
const stepsMax = 11_000;

function checkTimes(times: { startMs: number; endMs: number; stepMs: number }): void {
  const fault =
    times.endMs < times.startMs
      ? "end timestamp must not be before start time"
      : times.stepMs <= 0
        ? "zero or negative query resolution step widths are not accepted. Try a positive integer"
        : (times.endMs - times.startMs) / times.stepMs > stepsMax
          ? "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
          : undefined;
  if (fault !== undefined) throw urdError("request-invalid", fault);
}

async function* answer(service: QueryServiceOptions, query: Query): AsyncGenerator<AnswerPart> {
  const tenant = tenantOf(query.context);
  const { text, options, times, context } = query;
  checkText(text, service.limits.limitsFor(tenant));
  const work = beginWork(service, { tenant, text, options, times, caller: context.signal });
  const { account, turn, deadline } = work;
  const sampleLimits = {
    samplesMax: service.samplesMax,
    memorySizeBytesMax: work.limits.queryMemorySizeBytesMax,
  };
  const outcome = service.metrics.start();
  try {
    const report = createReadReport();
    const result = query.start(
      {
        query: text,
        turn,
        samplesMax: samplesMaxOf(sampleLimits),
        lookbackDeltaMs: Number(options?.lookbackDeltaMs ?? 0n) || service.lookbackDeltaMs,
      },
      service.open(tenant, report),
      { signal: deadline.signal, account },
    );
    const end = (warnings: readonly string[]): AnswerEnd => {
      const elapsedMs = work.elapsedMs();
      const cost = { stats: result.stats(), account, elapsedMs, usedMs: turn.usedMs() };
      return endOf({ query, result, report, warnings, cost });
    };
    const limit = Number(options?.limit ?? 0n);
    yield* writerOf(options)({ result, limit, end });
    outcome.succeeded(account);
  } catch (error) {
    const named = namedLimit(error, sampleLimits);
    outcome.failed(named);
    throw named;
  } finally {
    work.end();
  }
}

function checkText(text: string, limits: TenantLimits): void {
  const limit = limits.queryExpressionSizeBytesMax;
  if (limit === 0 || Buffer.byteLength(text) <= limit) return;
  const sentence = `The query is longer than ${limit} bytes.`;
  throw urdError("max-query-expression-size-bytes", sentence, { limit });
}

function writerOf(options: QueryOptions | undefined): typeof jsonAnswer {
  return options?.format === ResultFormat.PROMETHEUS_JSON ? jsonAnswer : columnsAnswer;
}

function endOf(end: {
  readonly query: Query;
  readonly result: QueryResult;
  readonly report: ReadReport;
  readonly warnings: readonly string[];
  readonly cost: Parameters<typeof statsJson>[0];
}): AnswerEnd {
  const annotations = end.result.annotations();
  const warnings = [...annotations.warnings, ...end.warnings];
  const infos = [...annotations.infos];
  const wantsStats = end.query.options?.stats === true;
  return {
    trailer: {
      warnings,
      infos,
      completeness: completenessOf(end.report),
      ...(wantsStats ? { stats: statsMessage(end.cost) } : {}),
    },
    warnings: shortened(warnings, "warning"),
    infos: shortened(infos, "info"),
    statsJson: wantsStats ? statsJson(end.cost) : undefined,
  };
}

/** Remarks of one kind that Prometheus's API gives at most. */
const remarksMax = 10;

function shortened(texts: readonly string[], kind: "warning" | "info"): readonly string[] {
  const more = texts.length - remarksMax;
  if (more <= 0) return texts;
  return [...texts.slice(0, remarksMax), `${more} more ${kind} annotations omitted`];
}
