import type { MessageInitShape } from "@bufbuild/protobuf";
import type { QueryTrailerSchema } from "../../gen/urd/query/v1/query_pb.ts";
import type { RawQueryPartSchema } from "../platform/rpc/index.ts";
import type { QueryResult } from "../promql/index.ts";

/** One part of an answer stream. */
export type AnswerPart = MessageInitShape<typeof RawQueryPartSchema>;

/** What stands at the end of an answer. */
export interface AnswerEnd {
  readonly trailer: MessageInitShape<typeof QueryTrailerSchema>;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** The stats object of Prometheus's API, when asked for. */
  readonly statsJson: string | undefined;
}

/** What to answer with. */
export interface AnswerOptions {
  readonly result: QueryResult;
  /** Series after which the result is cut; 0: no limit. */
  readonly limit: number;
  /** Called once, when all batches have been read; `warnings` come beside the query's own. */
  readonly end: (warnings: readonly string[]) => AnswerEnd;
}
