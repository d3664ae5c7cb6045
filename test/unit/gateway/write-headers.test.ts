import { expect, test } from "vitest";
import { writeForm } from "../../../server/gateway/write-headers.ts";

const form = (type: string | undefined, encoding?: string) =>
  writeForm({
    contentType: type === undefined ? [] : [type],
    contentEncoding: encoding === undefined ? [] : [encoding],
  });

test.each([
  [undefined, 1],
  ["", 1],
  ["application/x-protobuf", 1],
  ["application/x-protobuf; charset=utf-8", 1],
  ["application/x-protobuf;proto=prometheus.WriteRequest", 1],
  ["application/x-protobuf;proto=io.prometheus.write.v2.Request", 2],
  ["Application/X-Protobuf ; Proto = io.prometheus.write.v2.Request", 2],
  ['application/x-protobuf;proto="io.prometheus.write.v2.Request"', 2],
] as const)("the type %j is %d.0", (type, format) => {
  expect(form(type).format).toBe(format);
});

test.each([
  [undefined, "snappy"],
  ["", "snappy"],
  ["snappy", "snappy"],
  ["SNAPPY", "snappy"],
  ["zstd", "zstd"],
] as const)("the encoding %j is %s", (given, encoding) => {
  expect(form(undefined, given).encoding).toBe(encoding);
});

test.each([
  ["text/plain", undefined],
  ["application/x-protobuf;proto=", undefined],
  ["application/x-protobuf;proto=IO.prometheus.write.v2.Request", undefined],
  ["application/protobuf", undefined],
  [undefined, "gzip"],
  [undefined, "snappy, zstd"],
  [undefined, "identity"],
])("the type %j with the encoding %j is unknown", (type, encoding) => {
  expect(() => form(type, encoding)).toThrow(
    expect.objectContaining({ id: "err-urd-write-encoding-unsupported" }),
  );
});
