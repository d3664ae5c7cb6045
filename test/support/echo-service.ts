import { create, createFileRegistry, type Message } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/** The one message of the echo service. */
export type Echo = Message<"urd.test.v1.Echo"> & {
  text: string;
  count: number;
  data: Uint8Array;
  big: bigint;
};

type EchoDesc = GenMessage<Echo>;

/** One method of each kind, all from Echo to Echo. */
export type EchoService = GenService<{
  one: { methodKind: "unary"; input: EchoDesc; output: EchoDesc };
  down: { methodKind: "server_streaming"; input: EchoDesc; output: EchoDesc };
  up: { methodKind: "client_streaming"; input: EchoDesc; output: EchoDesc };
  both: { methodKind: "bidi_streaming"; input: EchoDesc; output: EchoDesc };
}>;

const method = (name: string, clientStreaming: boolean, serverStreaming: boolean) => ({
  name,
  inputType: ".urd.test.v1.Echo",
  outputType: ".urd.test.v1.Echo",
  clientStreaming,
  serverStreaming,
});

const field = (name: string, number: number, type: Type) => ({
  name,
  number,
  type,
  label: Label.OPTIONAL,
});

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: "urd/test/v1/echo.proto",
    package: "urd.test.v1",
    syntax: "proto3",
    messageType: [
      {
        name: "Echo",
        field: [
          field("text", 1, Type.STRING),
          field("count", 2, Type.INT32),
          field("data", 3, Type.BYTES),
          field("big", 4, Type.UINT64),
        ],
      },
    ],
    service: [
      {
        name: "EchoService",
        method: [
          method("One", false, false),
          method("Down", false, true),
          method("Up", true, false),
          method("Both", true, true),
        ],
      },
    ],
  }),
  () => undefined,
);

/** Descriptor of the echo service, made without generated code. */
export const echoService: EchoService = registry.getService(
  "urd.test.v1.EchoService",
) as unknown as EchoService;
