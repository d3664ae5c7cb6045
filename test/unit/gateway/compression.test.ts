import { expect, test } from "vitest";
import { chooseEncoding } from "../../../server/gateway/compression.ts";

test.each([
  [undefined, undefined],
  ["", undefined],
  ["gzip", "gzip"],
  ["deflate, gzip, br, zstd", "deflate"],
  ["foo, br", "br"],
  ["GZip;q=0.1", "gzip"],
  ["gzip;q=0, deflate;q=0.0, zstd;q=0.001", "zstd"],
  ["identity, gzip", undefined],
  ["*", undefined],
  ["constructor", undefined],
])("%j takes %s", (accept, encoding) => {
  expect(chooseEncoding(accept)).toBe(encoding);
});
