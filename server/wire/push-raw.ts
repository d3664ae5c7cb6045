import type { Message } from "@bufbuild/protobuf";
import { type GenMessage, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  file_urd_push_v1_push,
  type WriteResponseSchema,
  type WriteStreamResponseSchema,
} from "../../gen/urd/push/v1/push_pb.ts";
import { rawTwin } from "./raw-twin.ts";

/**
 * The twin descriptor of urd.push.v1: a batch's io.prometheus.write.v2.Request is `bytes`, so
 * that the kernel alone reads samples. A sender that repeats the field is read by the twin as
 * having sent the last one only; no encoder does that.
 */

/** WriteRequest of the twin; an absent batch is an empty one. */
export type RawWriteRequest = Message<"urd.push.v1.WriteRequest"> & { request: Uint8Array };

/** WriteStreamRequest of the twin; an absent batch is an empty one. */
export type RawWriteStreamRequest = Message<"urd.push.v1.WriteStreamRequest"> & {
  batchId: bigint;
  request: Uint8Array;
};

/** Methods of the twin: as generated, except what they take. */
export type RawPushMethods = {
  write: {
    methodKind: "unary";
    input: GenMessage<RawWriteRequest>;
    output: typeof WriteResponseSchema;
  };
  writeStream: {
    methodKind: "bidi_streaming";
    input: GenMessage<RawWriteStreamRequest>;
    output: typeof WriteStreamResponseSchema;
  };
};

const withRawWrite = rawTwin(file_urd_push_v1_push, { message: "WriteRequest", field: "request" });

/** What distributors serve; on the wire it is urd.push.v1.PushService. */
export const RawPushService: GenService<RawPushMethods> = serviceDesc<RawPushMethods>(
  rawTwin(withRawWrite, { message: "WriteStreamRequest", field: "request" }),
  0,
);
