import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestSchema } from "../../../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  IngesterService,
  QueryStreamResponseSchema,
  SeriesFrameSchema,
} from "../../../../gen/urd/ingester/v1/ingester_pb.ts";
import {
  PushService,
  WriteRequestSchema,
  WriteStreamRequestSchema,
} from "../../../../gen/urd/push/v1/push_pb.ts";
import {
  ColumnsFrameSchema,
  QueryPartSchema,
  QueryService,
} from "../../../../gen/urd/query/v1/query_pb.ts";
import {
  RawIngesterService,
  RawPushService,
  RawQueryPartSchema,
  RawQueryService,
  RawQueryStreamResponseSchema,
  RawWriteRequestSchema,
  RawWriteStreamRequestSchema,
} from "../../../../server/platform/rpc/raw-services.ts";

const requests = fc
  .record({
    symbols: fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }),
    timeseries: fc.array(
      fc.record({
        labelsRefs: fc.array(fc.nat()),
        samples: fc.array(fc.record({ value: fc.double(), timestamp: fc.bigInt(-5n, 1n << 62n) })),
      }),
      { maxLength: 4 },
    ),
  })
  .map((init) => create(RequestSchema, init));

describe("a twin reads and writes the bytes of its typed message", () => {
  test("WriteRequest and WriteStreamRequest", () => {
    fc.assert(
      fc.property(fc.option(requests, { nil: undefined }), fc.bigInt(0n, 99n), (request, id) => {
        const typed = request === undefined ? {} : { request };
        const bytes = toBinary(WriteRequestSchema, create(WriteRequestSchema, typed));
        const raw = fromBinary(RawWriteRequestSchema, bytes);
        expect(raw.request).toEqual(request && toBinary(RequestSchema, request));
        expect(toBinary(RawWriteRequestSchema, raw)).toEqual(bytes);

        const stream = create(WriteStreamRequestSchema, { ...typed, batchId: id });
        const streamBytes = toBinary(WriteStreamRequestSchema, stream);
        const rawStream = fromBinary(RawWriteStreamRequestSchema, streamBytes);
        expect(rawStream.batchId).toBe(id);
        expect(rawStream.request).toEqual(raw.request);
        expect(toBinary(RawWriteStreamRequestSchema, rawStream)).toEqual(streamBytes);
      }),
    );
  });

  test("QueryStreamResponse and QueryPart", () => {
    const symbols = fc.array(fc.string(), { maxLength: 5 });
    fc.assert(
      fc.property(symbols, fc.array(fc.double()), (symbols, values) => {
        const frame = create(SeriesFrameSchema, { symbols });
        const bytes = toBinary(
          QueryStreamResponseSchema,
          create(QueryStreamResponseSchema, { part: { case: "frame", value: frame } }),
        );
        const raw = fromBinary(RawQueryStreamResponseSchema, bytes);
        expect(raw.part).toEqual({ case: "frame", value: toBinary(SeriesFrameSchema, frame) });
        expect(toBinary(RawQueryStreamResponseSchema, raw)).toEqual(bytes);

        const columns = create(ColumnsFrameSchema, { symbols, series: [{ values }] });
        const rawPart = create(RawQueryPartSchema, {
          part: { case: "frame", value: toBinary(ColumnsFrameSchema, columns) },
        });
        const part = fromBinary(QueryPartSchema, toBinary(RawQueryPartSchema, rawPart));
        expect(part.part).toEqual({ case: "frame", value: columns });
      }),
    );
  });
});

test("twin services have the names and methods of their services", () => {
  const shape = (service: typeof PushService | typeof RawPushService) => [
    service.typeName,
    service.methods.map(({ name, methodKind, input, output }) => [
      name,
      methodKind,
      input.typeName,
      output.typeName,
    ]),
  ];
  const twins = [
    [PushService, RawPushService],
    [IngesterService, RawIngesterService],
    [QueryService, RawQueryService],
  ] as unknown as readonly (readonly [typeof PushService, typeof RawPushService])[];
  for (const [typed, raw] of twins) expect(shape(raw)).toEqual(shape(typed));
});
