import type { QueryOptions } from "../../gen/urd/query/v1/query_pb.ts";
import type { TenantLimits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { IngesterPeer } from "../peers/index.ts";
import type { CallContext } from "../platform/rpc/index.ts";
import {
  createEngine,
  type Engine,
  type Profile,
  type QueryResult,
  type QueryOptions as EngineQueryOptions,
  switchOptions,
} from "../promql/index.ts";
import type { QueryCall, Queryable } from "../storage/index.ts";
import type { AnswerEnd } from "./answer-options.ts";
import { namedLimit, samplesMaxOf } from "./query-account.ts";
import type { QueryMetrics } from "./query-metrics.ts";
import { statsJson, statsMessage } from "./query-stats.ts";
import { checkLength, type QueryTimes } from "./query-times.ts";
import { beginWork, type WorkPlaces } from "./query-work.ts";
import { completenessOf, createReadReport, type ReadReport } from "./read-report.ts";
import { tenantOf } from "./tenant-of.ts";

/** What the query service works with. */
export interface QueryServiceOptions extends WorkPlaces {
  readonly metrics: QueryMetrics;
  /** All ingest shards, as they are now. */
  readonly peers: () => readonly IngesterPeer[];
  /** Opens one tenant's data for one call. */
  readonly open: (tenant: string, report: ReadReport) => Queryable;
  /** Most samples one query may hold; 0: no limit. */
  readonly samplesMax: number;
  readonly lookbackDeltaMs: number;
}

/** One query on its way, whichever its kind. */
export interface Query {
  readonly text: string;
  readonly options: QueryOptions | undefined;
  /** True: with statistics, whatever the options say. */
  readonly stats: boolean;
  readonly times: QueryTimes;
  readonly context: CallContext;
  /** Measures the operators, when set. */
  readonly profile?: Profile | undefined;
  /** Parses, plans, and gives the result to read. */
  readonly start: (what: EngineQueryOptions, queryable: Queryable, call: QueryCall) => QueryResult;
}

/** The engine of a query thread; it holds no state. */
export const engine: Engine = createEngine();

/** A query that has been planned; `end` is to be called when its result has been read. */
export interface Evaluation {
  readonly result: QueryResult;
  readonly end: (warnings: readonly string[]) => AnswerEnd;
}

/** Evaluates a query within its limits; `read` makes the answer out of the result. */
export async function* evaluate<T>(
  service: QueryServiceOptions,
  query: Query,
  read: (evaluation: Evaluation) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const tenant = tenantOf(query.context);
  const { text, options, times, context } = query;
  checkText(text, service.limits.limitsFor(tenant));
  checkLength(times, service.limits.limitsFor(tenant));
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
        ...switchOptions(work.limits),
        ...{ query: text, turn, samplesMax: samplesMaxOf(sampleLimits) },
        lookbackDeltaMs: Number(options?.lookbackDeltaMs ?? 0n) || service.lookbackDeltaMs,
        countsSteps: wantsStats(query),
        ...(query.profile === undefined ? {} : { profile: query.profile }),
      },
      service.open(tenant, report),
      { signal: deadline.signal, account, pause: () => turn.maybeYield() },
    );
    const end = (warnings: readonly string[]): AnswerEnd => {
      const elapsedMs = work.elapsedMs();
      const usage = {
        account,
        elapsedMs,
        usedMs: turn.usedMs(),
        perStep: options?.statsPerStep === true,
      };
      return endOf({ query, result, report, warnings, cost: { ...usage, result } });
    };
    yield* read({ result, end });
    outcome.succeeded(account);
  } catch (error) {
    const named = namedLimit(error, sampleLimits);
    outcome.failed(named);
    throw named;
  } finally {
    work.end();
  }
}

function wantsStats({ stats, options }: Query): boolean {
  return stats || options?.stats === true || options?.statsPerStep === true;
}

function checkText(text: string, limits: TenantLimits): void {
  const limit = limits.queryExpressionSizeBytesMax;
  if (limit === 0 || Buffer.byteLength(text) <= limit) return;
  const sentence = `The query is longer than ${limit} bytes.`;
  throw urdError("max-query-expression-size-bytes", sentence, { limit });
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
  const withStats = wantsStats(end.query);
  return {
    trailer: {
      warnings,
      infos,
      completeness: completenessOf(end.report),
      ...(withStats ? { stats: statsMessage(end.cost) } : {}),
    },
    warnings: shortened(warnings, "warning"),
    infos: shortened(infos, "info"),
    statsJson: withStats ? statsJson(end.cost) : undefined,
  };
}

/** Remarks of one kind that Prometheus's API gives at most. */
const remarksMax = 10;

function shortened(texts: readonly string[], kind: "warning" | "info"): readonly string[] {
  const more = texts.length - remarksMax;
  if (more <= 0) return texts;
  return [...texts.slice(0, remarksMax), `${more} more ${kind} annotations omitted`];
}
