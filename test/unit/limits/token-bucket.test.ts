import { expect, test } from "vitest";
import { TokenBucket } from "../../../server/limits/token-bucket.ts";
import { createManualClock } from "../../support/manual-clock.ts";

test("a bucket starts full and fills with time, up to its burst", () => {
  const clock = createManualClock();
  const bucket = new TokenBucket(clock, { ratePerSecond: 10, burst: 20 });
  expect(bucket.take(20)).toBe(true);
  expect(bucket.take(1)).toBe(false);
  clock.advance(100);
  expect(bucket.take(1)).toBe(true);
  expect(bucket.take(1)).toBe(false);
  clock.advance(60_000);
  expect(bucket.take(21)).toBe(false);
  expect(bucket.take(20)).toBe(true);
});

test("what is refused costs nothing", () => {
  const clock = createManualClock();
  const bucket = new TokenBucket(clock, { ratePerSecond: 1, burst: 5 });
  for (let i = 0; i < 10; i++) expect(bucket.take(6)).toBe(false);
  expect(bucket.take(5)).toBe(true);
});

test("a rate of zero is no limit", () => {
  const bucket = new TokenBucket(createManualClock(), { ratePerSecond: 0, burst: 0 });
  expect(bucket.take(1e12)).toBe(true);
});

test("a new rate holds from its change on", () => {
  const clock = createManualClock();
  const bucket = new TokenBucket(clock, { ratePerSecond: 10, burst: 10 });
  bucket.setRate({ ratePerSecond: 1, burst: 3 });
  expect(bucket.take(4)).toBe(false);
  expect(bucket.take(3)).toBe(true);
  clock.advance(1000);
  expect(bucket.take(2)).toBe(false);
  expect(bucket.take(1)).toBe(true);
});
