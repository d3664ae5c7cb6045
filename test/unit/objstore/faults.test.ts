import { expect, test } from "vitest";
import { checkLength, connectionFault, statusFault } from "../../../server/objstore/faults.ts";

const at = { address: "s3://b", attempt: "read t/x" };

test.each([
  [403, "err-urd-bucket-refused"],
  [404, "err-urd-bucket-refused"],
  [400, "err-urd-bucket-refused"],
  [501, "err-urd-bucket-refused"],
  [412, "err-urd-bucket-object-changed"],
  [408, "err-urd-bucket-unavailable"],
  [429, "err-urd-bucket-unavailable"],
  [500, "err-urd-bucket-unavailable"],
  [503, "err-urd-bucket-unavailable"],
])("status %i is %s", (status, id) => {
  expect(statusFault(at, { status, reason: "Why" }).id).toBe(id);
});

test("what the store says stands in the sentence, its wish to wait beside it", () => {
  const fault = statusFault(at, { status: 503, reason: "Slow Down", retryAfterMs: 2000 });
  expect(fault.message).toBe("cannot read t/x in s3://b: 503 Slow Down");
  expect(fault.retryAfterMs).toBe(2000);
});

test("a connection that fails tells its innermost cause", () => {
  const inner = Object.assign(new Error("connect 127.0.0.1:1"), { code: "ECONNREFUSED" });
  const fault = connectionFault(at, new TypeError("fetch failed", { cause: inner }));
  expect(fault.message).toBe("cannot read t/x in s3://b: ECONNREFUSED connect 127.0.0.1:1");
  expect(fault.entry.retryable).toBe(true);
  expect(connectionFault(at, fault)).toBe(fault);
});

test("a body of another length than promised is a failure", () => {
  expect(() => checkLength(at, { gotBytes: 9, wantedBytes: 10 })).toThrow(/9 of 10 bytes/);
  checkLength(at, { gotBytes: 10, wantedBytes: 10 });
});
