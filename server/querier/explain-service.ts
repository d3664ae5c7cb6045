import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ExplainRequest,
  ExplainResponseSchema,
  PlanNodeSchema,
} from "../../gen/urd/query/v1/query_pb.ts";
import type { Clock } from "../platform/base/index.ts";
import type { CallContext } from "../platform/rpc/index.ts";
import { type PlanNode, Profile } from "../promql/index.ts";
import {
  engine,
  type Evaluation,
  evaluate,
  type Query,
  type QueryServiceOptions,
} from "./evaluate.ts";
import { checkTimes, type QueryTimes } from "./query-times.ts";

/** An explanation as it travels. */
type Explanation = MessageInitShape<typeof ExplainResponseSchema>;

/** The plan of a query; with `analyze` its answer is computed and dropped. */
export async function explain(
  service: QueryServiceOptions,
  request: ExplainRequest,
  context: CallContext,
): Promise<Explanation> {
  const times = explainTimes(request, service.clock.nowMs());
  if (times.stepMs !== 0) checkTimes(times);
  const { analyze, query: text } = request;
  const query: Query = {
    ...{ text, times, context, stats: analyze },
    profile: analyze ? createProfile(service.clock) : undefined,
    options: request.options,
    start: (what, queryable, call) =>
      times.stepMs === 0
        ? engine.instant({ ...what, timeMs: times.startMs }, queryable, call)
        : engine.range({ ...what, ...times }, queryable, call),
  };
  let explanation: Explanation = {};
  const read = async function* ({ result, end }: Evaluation): AsyncGenerator<Explanation> {
    const steps = BigInt(result.grid.count);
    if (!analyze) {
      yield { root: planMessage(result.explain()), steps };
      return;
    }
    // Read to the end, one batch at a time.
    for await (const batch of result.batches()) void batch;
    const { trailer } = end([]);
    const { stats = {}, warnings = [], infos = [] } = trailer;
    yield { root: planMessage(result.explain()), steps, stats, warnings, infos };
  };
  for await (const found of evaluate(service, query, read)) explanation = found;
  return explanation;
}

/** The times of a request; what it leaves out is now, or one moment. */
function explainTimes(request: ExplainRequest, nowMs: number): QueryTimes {
  const startMs = request.startMs === undefined ? nowMs : Number(request.startMs);
  const stepMs = Number(request.stepMs);
  const endMs = request.endMs === undefined || stepMs === 0 ? startMs : Number(request.endMs);
  return { startMs, endMs, stepMs };
}

/**
 * Measures a query's operators. The thread's CPU time counts, so while a query waits for data
 * what others do on the thread meanwhile counts too.
 */
function createProfile(clock: Clock): Profile {
  return new Profile({
    wallMs: () => clock.monotonicMs(),
    cpuMs() {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    },
  });
}

/** Bytes of a sample as columns hold it: its time and its value. */
const sampleSizeBytes = 16;

/** A plan as it travels. */
function planMessage(node: PlanNode): MessageInitShape<typeof PlanNodeSchema> {
  const { operator, expression, inputs, remarks, cost } = node;
  const microseconds = (ms: number): bigint => BigInt(Math.max(0, Math.round(ms * 1000)));
  return {
    ...{ operator, expression, remarks: [...remarks], inputs: inputs.map(planMessage) },
    ...(cost === undefined
      ? {}
      : {
          stats: {
            series: BigInt(cost.series),
            samples: BigInt(cost.samples),
            sizeBytes: BigInt(cost.samples * sampleSizeBytes),
            wallUs: microseconds(cost.wallMs),
            cpuUs: microseconds(cost.cpuMs),
          },
        }),
  };
}
