import type { MessageInitShape } from "@bufbuild/protobuf";
import { type QueryOptionsSchema, ResultFormat } from "../../gen/urd/query/v1/query_pb.ts";
import { urdError } from "../model/index.ts";
import { UrdError } from "../platform/base/index.ts";
import type { RawQueryPart } from "../platform/rpc/index.ts";
import { answerJsonStream } from "./answer-stream.ts";
import {
  badParameter,
  durationParameter,
  limitParameter,
  optionalTimeParameter,
  type ReadCall,
  timeParameter,
} from "./read-api.ts";

/** As many points as Prometheus gives per series: a week by minutes, a year by hours. */
const pointsMax = 11_000;

/** Serves /api/v1/query. */
export async function serveInstantQuery(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const limit = limitParameter(parameters);
  const timeMs = optionalTimeParameter(parameters, "time");
  const answer = query.queryInstant(
    {
      query: parameters.first("query"),
      ...(timeMs === undefined ? {} : { timeMs }),
      options: queryOptions(read, limit),
    },
    call,
  );
  await answerJsonStream(read.exchange, jsonPieces(answer));
}

/** Serves /api/v1/query_range. */
export async function serveRangeQuery(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const limit = limitParameter(parameters);
  const startMs = timeParameter(parameters, "start");
  const endMs = timeParameter(parameters, "end");
  if (endMs < startMs) {
    throw badParameter("end", "end timestamp must not be before start time");
  }
  const stepMs = durationParameter(parameters, "step");
  if (stepMs <= 0) {
    throw badParameter(
      "step",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  if ((endMs - startMs) / BigInt(stepMs) > pointsMax) {
    throw urdError(
      "request-invalid",
      "exceeded maximum resolution of 11,000 points per timeseries. " +
        "Try decreasing the query resolution (?step=XX)",
    );
  }
  const answer = query.queryRange(
    {
      query: parameters.first("query"),
      startMs,
      endMs,
      stepMs: BigInt(stepMs),
      options: queryOptions(read, limit),
    },
    call,
  );
  await answerJsonStream(read.exchange, jsonPieces(answer));
}

function queryOptions(
  { parameters }: ReadCall,
  limit: bigint,
): MessageInitShape<typeof QueryOptionsSchema> {
  let timeoutMs = 0;
  if (parameters.first("timeout") !== "") {
    timeoutMs = durationParameter(parameters, "timeout");
    if (timeoutMs <= 0) throw badParameter("query", "context deadline exceeded");
  }
  let lookbackDeltaMs = 0;
  if (parameters.first("lookback_delta") !== "") {
    lookbackDeltaMs = durationParameter(parameters, "lookback_delta", (why) =>
      urdError("request-invalid", `error parsing lookback delta duration: ${why}`),
    );
  }
  return {
    timeoutMs: BigInt(timeoutMs),
    // Prometheus takes what is not positive for its default, which is zero here.
    lookbackDeltaMs: BigInt(Math.max(lookbackDeltaMs, 0)),
    limit,
    format: ResultFormat.PROMETHEUS_JSON,
    stats: parameters.first("stats") !== "",
    statsPerStep: parameters.first("stats") === "all",
  };
}

/** The pieces of JSON that the query threads wrote; nothing else comes with this format. */
async function* jsonPieces(
  answer: AsyncIterable<{ readonly part?: RawQueryPart | undefined }>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const { part } of answer) {
      if (part?.part.case === "prometheusJson") yield part.part.value;
    }
  } catch (error) {
    throw namedParameter(error, "query");
  }
}

/** Prometheus names the parameter in front of what is wrong with its value. */
export function namedParameter(error: unknown, name: string): unknown {
  if (!(error instanceof UrdError) || error.id !== "err-urd-query-invalid") return error;
  if (error.message.startsWith("invalid parameter")) return error;
  return badParameter(name, error.message);
}
