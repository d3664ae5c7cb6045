import { createClient } from "@connectrpc/connect";
import { QueryService } from "../../gen/urd/query/v1/query_pb.ts";
import { type CallParts, openBudget, tryWithin } from "./budget.ts";
import { milliseconds, whole } from "./numbers.ts";
import { observingCalls } from "./observing.ts";
import { labelsOf, queryStream } from "./query-stream.ts";
import type { Labels } from "./series.ts";
import type {
  InstantOptions,
  ListOptions,
  MetricFamily,
  RangeOptions,
  UrdClient,
} from "./types.ts";

type ReadingCalls = Omit<UrdClient, "write" | "writer" | "close">;

/** The part of a client that reads. */
export function readingCalls(parts: CallParts): ReadingCalls {
  return { ...queryCalls(parts), ...listCalls(parts), ...observingCalls(parts) };
}

function queryCalls(parts: CallParts): Pick<UrdClient, "queryInstant" | "queryRange"> {
  const service = createClient(QueryService, parts.transport);
  return {
    queryInstant: (expression, call = {}) =>
      queryStream(() => {
        const budget = openBudget(call, parts);
        const time = call.time === undefined ? {} : { timeMs: milliseconds(call.time, "time") };
        const request = { query: expression, ...time, options: queryOptions(call) };
        return { ...budget, answers: service.queryInstant(request, budget.options()) };
      }),
    queryRange: (expression, call) =>
      queryStream(() => {
        const budget = openBudget(call, parts);
        const request = {
          query: expression,
          startMs: milliseconds(call.start, "start"),
          endMs: milliseconds(call.end, "end"),
          stepMs: milliseconds(call.stepMs, "stepMs"),
          options: queryOptions(call),
        };
        return { ...budget, answers: service.queryRange(request, budget.options()) };
      }),
  };
}

function listCalls(
  parts: CallParts,
): Pick<ReadingCalls, "series" | "labelNames" | "labelValues" | "metadata"> {
  const service = createClient(QueryService, parts.transport);
  return {
    series: (selectors, call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const items: Labels[] = [];
        const warnings: string[] = [];
        const symbols: string[] = [];
        const request = { ...listRequest(call), selectors: [...selectors] };
        for await (const answer of service.series(request, options)) {
          symbols.push(...answer.symbols);
          for (const { labelRefs } of answer.series) items.push(labelsOf(labelRefs, symbols));
          warnings.push(...answer.warnings);
        }
        return { items, warnings };
      }),
    labelNames: (call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const { names, warnings } = await service.labelNames(listRequest(call), options);
        return { items: names, warnings };
      }),
    labelValues: (name, call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const request = { ...listRequest(call), name };
        const { values, warnings } = await service.labelValues(request, options);
        return { items: values, warnings };
      }),
    metadata: (call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const request = { metric: call.metric ?? "", limit: count(call.limit) };
        const { metadata } = await service.metadata(request, options);
        return metadata.map(({ metric, type, help, unit }) => ({
          name: metric,
          type: type as MetricFamily["type"],
          help,
          unit,
        }));
      }),
  };
}

function queryOptions(call: InstantOptions | RangeOptions): {
  limit: bigint;
  stats: boolean;
  statsPerStep: boolean;
} {
  const { limit, stats = false } = call;
  return { limit: count(limit), stats: stats !== false, statsPerStep: stats === "steps" };
}

function listRequest(call: ListOptions): {
  selectors: string[];
  limit: bigint;
  startMs?: bigint;
  endMs?: bigint;
} {
  return {
    selectors: [...(call.selectors ?? [])],
    limit: count(call.limit),
    ...(call.start === undefined ? {} : { startMs: milliseconds(call.start, "start") }),
    ...(call.end === undefined ? {} : { endMs: milliseconds(call.end, "end") }),
  };
}

function count(limit: number | undefined): bigint {
  return whole(limit ?? 0, "limit");
}
