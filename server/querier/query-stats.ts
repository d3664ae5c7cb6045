import type { MessageInitShape } from "@bufbuild/protobuf";
import type { QueryStatsSchema } from "../../gen/urd/query/v1/query_pb.ts";
import type { QueryStats } from "../promql/index.ts";
import type { QueryAccount } from "./query-account.ts";

/** What one query has cost, from all who count. */
export interface QueryCost {
  readonly stats: QueryStats;
  readonly account: QueryAccount;
  /** From the call to the last batch, waiting for others included. */
  readonly elapsedMs: number;
  /** Of the thread. */
  readonly usedMs: number;
}

/** The statistics of a typed answer. */
export function statsMessage(cost: QueryCost): MessageInitShape<typeof QueryStatsSchema> {
  return {
    samplesTotal: BigInt(cost.stats.samplesRead),
    samplesPeak: BigInt(cost.stats.samplesHeldMax),
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
      totalQueryableSamples: cost.stats.samplesRead,
      peakSamples: cost.stats.samplesHeldMax,
    },
  });
}
