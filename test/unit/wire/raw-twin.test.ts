import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  IngesterService,
  QueryStreamResponseSchema,
} from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { QueryRangeResponseSchema, QueryService } from "../../../gen/urd/query/v1/query_pb.ts";
import {
  createColumnsFrameEncoder,
  createSeriesFrameEncoder,
  RawIngesterService,
  RawQueryService,
} from "../../../server/wire/index.ts";

test("a twin message has the bytes of the generated one", () => {
  const encoder = createSeriesFrameEncoder();
  encoder.addSeries([{ pairId: 1, name: "a", value: "b" }], []);
  const twin = RawIngesterService.method.queryStream.output;
  const raw = create(twin, { part: { case: "frame", value: encoder.take() } });
  expect(fromBinary(QueryStreamResponseSchema, toBinary(twin, raw)).part).toMatchObject({
    case: "frame",
    value: { symbols: ["a", "b"], series: [{ labelRefs: [0, 1] }] },
  });
});

test("the twin reaches into nested parts of the query service", () => {
  const encoder = createColumnsFrameEncoder();
  const [timesMs, values] = [new Float64Array([1000]), new Float64Array([-0])];
  encoder.addSeries({ labels: ["a", "b"], timesMs, values, from: 0, to: 1 });
  const twin = RawQueryService.method.queryRange.output;
  const raw = create(twin, { part: { part: { case: "frame", value: encoder.take() } } });
  expect(fromBinary(QueryRangeResponseSchema, toBinary(twin, raw)).part?.part).toMatchObject({
    case: "frame",
    value: { symbols: ["a", "b"], series: [{ timesMs: [1000], values: [-0] }] },
  });
});

test("names and methods are those of the generated services", () => {
  expect(RawIngesterService.typeName).toBe(IngesterService.typeName);
  expect(Object.keys(RawIngesterService.method)).toEqual(Object.keys(IngesterService.method));
  expect(RawQueryService.typeName).toBe(QueryService.typeName);
  expect(Object.keys(RawQueryService.method)).toEqual(Object.keys(QueryService.method));
});
