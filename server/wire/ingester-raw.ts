import { clone, createFileRegistry, type DescFile, type Message } from "@bufbuild/protobuf";
import { type GenMessage, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  file_urd_ingester_v1_ingester,
  type IngesterService,
  type QueryStreamRequestSchema,
  QueryStreamResponseSchema,
  type StreamEnd,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { defined } from "../platform/base/index.ts";

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
export const RawIngesterService: GenService<RawIngesterMethods> =
  serviceDesc<RawIngesterMethods>(rawFile(), 0);

/** The generated file with one field's type changed. */
function rawFile(): DescFile {
  const generated = file_urd_ingester_v1_ingester;
  const file = clone(FileDescriptorProtoSchema, generated.proto);
  const message = file.messageType.find((type) => type.name === QueryStreamResponseSchema.name);
  const field = defined(message, "QueryStreamResponse").field.find((f) => f.name === "frame");
  const frame = defined(field, "QueryStreamResponse.frame");
  frame.type = FieldDescriptorProto_Type.BYTES;
  frame.typeName = "";
  const registry = createFileRegistry(file, (name) =>
    generated.dependencies.find((dependency) => dependency.proto.name === name),
  );
  return defined(registry.getFile(file.name), "the twin of ingester.proto");
}
