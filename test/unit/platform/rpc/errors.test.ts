import { expect, test } from "vitest";
import { errorCatalogue } from "../../../../server/model/index.ts";
import { UrdError } from "../../../../server/platform/base/index.ts";
import {
  asUrdError,
  cancelledError,
  errorFromRecord,
  errorRecord,
  rpcError,
  rpcErrorCatalogue,
} from "../../../../server/platform/rpc/errors.ts";

test("the transports' errors stand in the server's catalogue, word for word", () => {
  expect(errorCatalogue).toMatchObject(rpcErrorCatalogue);
});

test("an error survives as a record", () => {
  const error = new UrdError("err-urd-x", rpcErrorCatalogue.internal, "Text.", {
    limit: 3,
    series: "a",
    retryAfterMs: 9,
  });
  const copy = errorFromRecord(structuredClone(errorRecord(error)));
  expect(copy).toEqual(error);
  expect(copy).toBeInstanceOf(UrdError);
});

test("whoever aborts with an error of ours is quoted", () => {
  const reason = rpcError("rpc-unavailable", "Stopped.");
  expect(cancelledError(reason)).toBe(reason);
  expect(cancelledError(new Error("x")).id).toBe("err-urd-rpc-cancelled");
});

test("what is thrown by mistake is internal and keeps its cause", () => {
  const cause = new TypeError("oops");
  expect(asUrdError(cause)).toMatchObject({ id: "err-urd-internal", message: "oops", cause });
});
