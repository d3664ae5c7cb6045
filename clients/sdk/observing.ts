import { createClient } from "@connectrpc/connect";
import {
  type ActiveQuery as WireQuery,
  type Exemplar as WireExemplar,
  type PlanNode as WirePlan,
  QueryService,
} from "../../gen/urd/query/v1/query_pb.ts";
import { type CallParts, openBudget, tryWithin } from "./budget.ts";
import { statsOf } from "./query-stream.ts";
import { milliseconds } from "./numbers.ts";
import type { Labels } from "./series.ts";
import type {
  ActiveQuery,
  Exemplar,
  ExemplarSeries,
  ObservingCalls,
  PlanNode,
  Time,
} from "./types.ts";

/** The part of a client that looks at queries and traces. */
export function observingCalls(parts: CallParts): ObservingCalls {
  const service = createClient(QueryService, parts.transport);
  return {
    exemplars: (query, call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const found: ExemplarSeries[] = [];
        for await (const { series } of service.exemplars({ query, ...rangeOf(call) }, options)) {
          for (const one of series) {
            found.push({ labels: labels(one.labels), exemplars: one.exemplars.map(exemplar) });
          }
        }
        return found;
      }),
    explain: (query, call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const stepMs = milliseconds(call.stepMs ?? 0, "stepMs");
        const request = { query, ...rangeOf(call), stepMs, analyze: call.analyze ?? false };
        const { root, steps, stats, warnings, infos } = await service.explain(request, options);
        return {
          root: planNode(root),
          steps: Number(steps),
          ...{ stats: stats && statsOf(stats), warnings, infos },
        };
      }),
    activeQueries: (call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        const { queries } = await service.listQueries({}, options);
        return queries.map(activeQuery);
      }),
    cancelQuery: (id, call = {}) =>
      tryWithin(openBudget(call, parts), parts, async (options) => {
        return (await service.cancelQuery({ id }, options)).found;
      }),
  };
}

function rangeOf(call: { readonly start?: Time; readonly end?: Time }): {
  startMs?: bigint;
  endMs?: bigint;
} {
  return {
    ...(call.start === undefined ? {} : { startMs: milliseconds(call.start, "start") }),
    ...(call.end === undefined ? {} : { endMs: milliseconds(call.end, "end") }),
  };
}

function labels(texts: readonly string[]): Labels {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < texts.length; i += 2) pairs.push([texts[i] ?? "", texts[i + 1] ?? ""]);
  return Object.fromEntries(pairs);
}

function exemplar(message: WireExemplar): Exemplar {
  const { value, timeMs } = message;
  return { labels: labels(message.labels), value, timeMs: Number(timeMs) };
}

function planNode(message: WirePlan | undefined): PlanNode {
  const stats = message?.stats;
  return {
    operator: message?.operator ?? "",
    expression: message?.expression ?? "",
    inputs: message?.inputs.map(planNode) ?? [],
    remarks: message?.remarks ?? [],
    stats: stats && {
      series: Number(stats.series),
      samples: Number(stats.samples),
      sizeBytes: Number(stats.sizeBytes),
      wallUs: Number(stats.wallUs),
      cpuUs: Number(stats.cpuUs),
    },
  };
}

function activeQuery(message: WireQuery): ActiveQuery {
  return {
    id: message.id,
    query: message.query,
    startedMs: Number(message.startedMs),
    startMs: Number(message.startMs),
    endMs: Number(message.endMs),
    stepMs: Number(message.stepMs),
    threadUs: Number(message.threadUs),
    samples: Number(message.samples),
  };
}
