import { expect, test } from "vitest";
import {
  clientError,
  jsonError,
  plainText,
  retryAfterSeconds,
} from "../../../server/gateway/http-errors.ts";
import { type ErrorId, errorCatalogue, urdError } from "../../../server/model/index.ts";
import { seededPrng } from "../../../server/platform/base/index.ts";

const ids = Object.keys(errorCatalogue) as ErrorId[];

test.each(ids)("%s has a status and a type that fit", (id) => {
  const { status, text } = jsonError(urdError(id, "Why."));
  const { errorType, error } = JSON.parse(text) as { errorType: string; error: string };
  const { http } = errorCatalogue[id];
  expect(error).toContain("Why.");
  expect(errorType).not.toBe("");
  // Client errors stay client errors, server errors stay server errors.
  expect(Math.floor(status / 100)).toBe(Math.floor(http / 100));
});

test.each(ids)("%s as text has its id in brackets and its option", (id) => {
  const text = plainText(urdError(id, "Why.", { limit: 7 }));
  expect(text.startsWith(`Why. (err-urd-${id})`)).toBe(true);
  const { option } = errorCatalogue[id];
  if (option !== undefined) expect(text).toContain(`The limit is 7; to change it, set ${option}`);
});

test("what is no UrdError becomes internal and keeps its text to itself", () => {
  const error = clientError(new TypeError("secret"));
  expect(error.id).toBe("err-urd-internal");
  expect(plainText(error)).not.toContain("secret");
});

test("the wait doubles with the attempts, is spread by half and stays within its cap", () => {
  const error = urdError("shard-unavailable", "away");
  for (const [attempt, base] of [
    [undefined, 6],
    ["0", 6],
    ["1", 6],
    ["2", 12],
    ["4", 48],
    ["5", 96],
    ["90", 96],
  ] as const) {
    const prng = seededPrng(1);
    const waits = Array.from({ length: 200 }, () => retryAfterSeconds(error, attempt, prng));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(base / 2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(Math.min(base * 1.5, 96));
    expect(new Set(waits).size).toBeGreaterThan(3);
  }
});

test("an error that knows how long to wait is the least", () => {
  const error = urdError("shard-unavailable", "away", { retryAfterMs: 200_500 });
  expect(retryAfterSeconds(error, undefined, seededPrng(1))).toBe(201);
});
