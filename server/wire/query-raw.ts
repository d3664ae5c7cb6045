import type { Message } from "@bufbuild/protobuf";
import { type GenMessage, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  file_urd_query_v1_query,
  type QueryHeader,
  type QueryInstantRequestSchema,
  type QueryRangeRequestSchema,
  type QueryService,
  type QueryTrailer,
} from "../../gen/urd/query/v1/query_pb.ts";
import { rawTwin } from "./raw-twin.ts";

/**
 * The twin descriptor of urd.query.v1: QueryPart.frame is `bytes`, written by
 * `createColumnsFrameEncoder`, so that columns leave as memory copies. Clients that speak
 * protobuf see no difference; for clients that speak JSON the frame is parsed first.
 */

/** QueryPart of the twin. */
export type RawQueryPart = Message<"urd.query.v1.QueryPart"> & {
  part:
    | { case: "header"; value: QueryHeader }
    | { case: "frame"; value: Uint8Array }
    | { case: "trailer"; value: QueryTrailer }
    | { case: "prometheusJson"; value: Uint8Array }
    | { case: undefined; value?: undefined };
};

/** QueryInstantResponse of the twin. */
export type RawQueryInstantResponse = Message<"urd.query.v1.QueryInstantResponse"> & {
  part?: RawQueryPart;
};

/** QueryRangeResponse of the twin. */
export type RawQueryRangeResponse = Message<"urd.query.v1.QueryRangeResponse"> & {
  part?: RawQueryPart;
};

type Methods = (typeof QueryService)["method"];

/** Methods of the twin: as generated, except what both query calls answer. */
export type RawQueryMethods = Omit<Methods, "queryInstant" | "queryRange"> & {
  queryInstant: {
    methodKind: "server_streaming";
    input: typeof QueryInstantRequestSchema;
    output: GenMessage<RawQueryInstantResponse>;
  };
  queryRange: {
    methodKind: "server_streaming";
    input: typeof QueryRangeRequestSchema;
    output: GenMessage<RawQueryRangeResponse>;
  };
};

/** What query threads serve and gateways call; on the wire it is urd.query.v1.QueryService. */
export const RawQueryService: GenService<RawQueryMethods> = serviceDesc<RawQueryMethods>(
  rawTwin(file_urd_query_v1_query, { message: "QueryPart", field: "frame" }),
  0,
);
