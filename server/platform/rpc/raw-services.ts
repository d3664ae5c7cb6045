import type { FileRegistry, Message } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  file_urd_ingester_v1_ingester,
  IngesterService,
  type QueryStreamRequestSchema,
  type StreamEnd,
} from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import {
  file_urd_push_v1_push,
  PushService,
  type WriteResponseSchema,
  type WriteStreamResponseSchema,
} from "../../../gen/urd/push/v1/push_pb.ts";
import {
  file_urd_query_v1_query,
  type QueryHeader,
  type QueryInstantRequestSchema,
  type QueryRangeRequestSchema,
  QueryService,
  type QueryTrailer,
} from "../../../gen/urd/query/v1/query_pb.ts";
import { defined } from "../base/index.ts";
import { rawTwin } from "./twin.ts";

/** WriteRequest with its io.prometheus.write.v2.Request unread. */
export type RawWriteRequest = Message<"urd.push.v1.WriteRequest"> & {
  request?: Uint8Array | undefined;
};

/** WriteStreamRequest with its io.prometheus.write.v2.Request unread. */
export type RawWriteStreamRequest = Message<"urd.push.v1.WriteStreamRequest"> & {
  batchId: bigint;
  request?: Uint8Array | undefined;
};

/** QueryStreamResponse with its SeriesFrame as bytes. */
export type RawQueryStreamResponse = Message<"urd.ingester.v1.QueryStreamResponse"> & {
  part:
    | { value: Uint8Array; case: "frame" }
    | { value: StreamEnd; case: "end" }
    | { case: undefined; value?: undefined };
};

/** QueryPart with its ColumnsFrame as bytes. */
export type RawQueryPart = Message<"urd.query.v1.QueryPart"> & {
  part:
    | { value: QueryHeader; case: "header" }
    | { value: Uint8Array; case: "frame" }
    | { value: QueryTrailer; case: "trailer" }
    | { value: Uint8Array; case: "prometheusJson" }
    | { case: undefined; value?: undefined };
};

/** QueryInstantResponse around a RawQueryPart. */
export type RawQueryInstantResponse = Message<"urd.query.v1.QueryInstantResponse"> & {
  part?: RawQueryPart | undefined;
};

/** QueryRangeResponse around a RawQueryPart. */
export type RawQueryRangeResponse = Message<"urd.query.v1.QueryRangeResponse"> & {
  part?: RawQueryPart | undefined;
};

const push = rawTwin(file_urd_push_v1_push, {
  WriteRequest: ["request"],
  WriteStreamRequest: ["request"],
});
const ingester = rawTwin(file_urd_ingester_v1_ingester, { QueryStreamResponse: ["frame"] });
const query = rawTwin(file_urd_query_v1_query, { QueryPart: ["frame"] });

/** Descriptor of RawWriteRequest. */
export const RawWriteRequestSchema: GenMessage<RawWriteRequest> = messageOf(
  push,
  "urd.push.v1.WriteRequest",
);

/** Descriptor of RawWriteStreamRequest. */
export const RawWriteStreamRequestSchema: GenMessage<RawWriteStreamRequest> = messageOf(
  push,
  "urd.push.v1.WriteStreamRequest",
);

/** Descriptor of RawQueryStreamResponse. */
export const RawQueryStreamResponseSchema: GenMessage<RawQueryStreamResponse> = messageOf(
  ingester,
  "urd.ingester.v1.QueryStreamResponse",
);

/** Descriptor of RawQueryPart. */
export const RawQueryPartSchema: GenMessage<RawQueryPart> = messageOf(
  query,
  "urd.query.v1.QueryPart",
);

/** PushService, its batches as bytes: how a server reads it. */
export const RawPushService: GenService<{
  write: {
    methodKind: "unary";
    input: typeof RawWriteRequestSchema;
    output: typeof WriteResponseSchema;
  };
  writeStream: {
    methodKind: "bidi_streaming";
    input: typeof RawWriteStreamRequestSchema;
    output: typeof WriteStreamResponseSchema;
  };
}> = serviceOf(push, PushService.typeName);

type IngesterMethods = (typeof IngesterService)["method"];

/** IngesterService, its frames as bytes. */
export const RawIngesterService: GenService<
  Omit<IngesterMethods, "queryStream"> & {
    queryStream: {
      methodKind: "server_streaming";
      input: typeof QueryStreamRequestSchema;
      output: typeof RawQueryStreamResponseSchema;
    };
  }
> = serviceOf(ingester, IngesterService.typeName);

type QueryMethods = (typeof QueryService)["method"];

/** QueryService, its frames as bytes: query threads write them, the front only passes them on. */
export const RawQueryService: GenService<
  Omit<QueryMethods, "queryInstant" | "queryRange"> & {
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
  }
> = serviceOf(query, QueryService.typeName);

// Descriptors made at run time carry no types; the declarations above say what rawTwin made,
// and test/unit/platform/rpc/twin.test.ts compares them with the wire.
function messageOf<M extends Message>(registry: FileRegistry, name: string): GenMessage<M> {
  return defined(registry.getMessage(name), name) as unknown as GenMessage<M>;
}

function serviceOf<S>(registry: FileRegistry, name: string): S {
  return defined(registry.getService(name), name) as unknown as S;
}
