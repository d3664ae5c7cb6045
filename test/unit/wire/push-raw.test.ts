import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestSchema } from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  PushService,
  WriteRequestSchema,
  WriteStreamRequestSchema,
} from "../../../gen/urd/push/v1/push_pb.ts";
import { RawPushService } from "../../../server/wire/index.ts";

const requests = fc
  .record({
    symbols: fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }),
    timeseries: fc.array(
      fc.record({
        labelsRefs: fc.array(fc.nat()),
        samples: fc.array(fc.record({ value: fc.double(), timestamp: fc.bigInt(-5n, 1n << 62n) })),
      }),
      { maxLength: 4 },
    ),
  })
  .map((init) => create(RequestSchema, init));

const { write, writeStream } = RawPushService.method;

describe("the twin of PushService reads and writes the bytes of the typed messages", () => {
  test("WriteRequest", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = toBinary(WriteRequestSchema, create(WriteRequestSchema, { request }));
        const raw = fromBinary(write.input, bytes);
        expect(raw.request).toEqual(toBinary(RequestSchema, request));
        expect(toBinary(write.input, raw)).toEqual(bytes);
      }),
    );
  });

  test("WriteStreamRequest", () => {
    fc.assert(
      fc.property(requests, fc.bigInt(0n, 99n), (request, batchId) => {
        const typed = create(WriteStreamRequestSchema, { request, batchId });
        const bytes = toBinary(WriteStreamRequestSchema, typed);
        const raw = fromBinary(writeStream.input, bytes);
        expect(raw).toMatchObject({ batchId, request: toBinary(RequestSchema, request) });
        expect(toBinary(writeStream.input, raw)).toEqual(bytes);
      }),
    );
  });

  test("an absent batch is an empty one", () => {
    expect(fromBinary(write.input, new Uint8Array()).request).toEqual(new Uint8Array());
  });
});

test("the twin has the names and kinds of the service", () => {
  const shape = (service: typeof PushService | typeof RawPushService) => [
    service.typeName,
    service.methods.map(({ name, methodKind, input, output }) => [
      name,
      methodKind,
      input.typeName,
      output.typeName,
    ]),
  ];
  expect(shape(RawPushService)).toEqual(shape(PushService));
});
