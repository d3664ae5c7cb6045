import type { MessageInitShape } from "@bufbuild/protobuf";
import type { QueryStatsSchema } from "../../gen/urd/query/v1/query_pb.ts";
import { type QueryResult, stepTimeMs } from "../promql/index.ts";
import type { QueryAccount } from "./query-account.ts";

/** What one query has cost, from all who count. */
export interface QueryCost {
  readonly result: Pick<QueryResult, "grid" | "stats">;
  readonly account: QueryAccount;
  /** From the call to the last batch, waiting for others included. */
  readonly elapsedMs: number;
  /** Of the thread. */
  readonly usedMs: number;
  /** True: by step too. */
  readonly perStep: boolean;
}

/** Samples as Prometheus counts them. */
function samplesOf({ result, perStep }: QueryCost): {
  readonly total: number;
  readonly held: number;
  readonly bySteps: readonly number[];
} {
  const { samplesByStep, samplesRead, samplesHeldMax } = result.stats();
  const bySteps = [...(samplesByStep ?? [])];
  const total = samplesByStep === undefined ? samplesRead : bySteps.reduce((a, b) => a + b, 0);
  return { total, held: samplesHeldMax, bySteps: perStep ? bySteps : [] };
}

/** The statistics of a typed answer. */
export function statsMessage(cost: QueryCost): MessageInitShape<typeof QueryStatsSchema> {
  const { total, held, bySteps } = samplesOf(cost);
  return {
    samplesTotal: BigInt(total),
    samplesPeak: BigInt(held),
    samplesPerStep: bySteps.map(BigInt),
    threadUs: BigInt(Math.round(cost.usedMs * 1000)),
    seriesFetched: BigInt(cost.account.series),
    chunksFetched: BigInt(cost.account.chunks),
    chunksSizeBytes: BigInt(cost.account.chunkSizeBytes),
    evaluationUs: BigInt(Math.round(cost.elapsedMs * 1000)),
  };
}

/**
 * The stats object of Prometheus's API. Urd streams, so it does not tell preparing from
 * evaluating: the thread's time stands for the evaluation, the rest is waiting.
 */
export function statsJson(cost: QueryCost): string {
  const seconds = (ms: number): number => Math.max(0, Math.round(ms * 1e6)) / 1e9;
  const { total, held, bySteps } = samplesOf(cost);
  const { grid } = cost.result;
  const timed = (count: number, step: number): [number, number] => [
    stepTimeMs(grid, step) / 1000,
    count,
  ];
  return JSON.stringify({
    timings: {
      evalTotalTime: seconds(cost.usedMs),
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: seconds(cost.usedMs),
      execQueueTime: seconds(cost.elapsedMs - cost.usedMs),
      execTotalTime: seconds(cost.elapsedMs),
    },
    samples: {
      ...(bySteps.length === 0 ? {} : { totalQueryableSamplesPerStep: bySteps.map(timed) }),
      totalQueryableSamples: total,
      peakSamples: held,
    },
  });
}
