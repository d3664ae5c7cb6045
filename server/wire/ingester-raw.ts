import type { Message } from "@bufbuild/protobuf";
import { type GenMessage, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  file_urd_ingester_v1_ingester,
  type IngesterService,
  type QueryStreamRequestSchema,
  type StreamEnd,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { rawTwin } from "./raw-twin.ts";

/**
 * The twin descriptor of urd.ingester.v1: the same field numbers and wire bytes, but
 * QueryStreamResponse.frame is `bytes`, so that nobody on the way makes objects of the chunks.
 * `createSeriesFrameEncoder` and `createSeriesFrameDecoder` write and read these bytes.
 */

/** QueryStreamResponse of the twin. */
export type RawQueryStreamResponse = Message<"urd.ingester.v1.QueryStreamResponse"> & {
  part:
    | { case: "frame"; value: Uint8Array }
    | { case: "end"; value: StreamEnd }
    | { case: undefined; value?: undefined };
};

type Methods = (typeof IngesterService)["method"];

/** Methods of the twin: as generated, except what `queryStream` answers. */
export type RawIngesterMethods = Omit<Methods, "queryStream"> & {
  queryStream: {
    methodKind: "server_streaming";
    input: typeof QueryStreamRequestSchema;
    output: GenMessage<RawQueryStreamResponse>;
  };
};

/** What shards serve and queriers call; on the wire it is urd.ingester.v1.IngesterService. */
export const RawIngesterService: GenService<RawIngesterMethods> = serviceDesc<RawIngesterMethods>(
  rawTwin(file_urd_ingester_v1_ingester, { message: "QueryStreamResponse", field: "frame" }),
  0,
);
