import { expect, test } from "vitest";
import type { Bucket, BucketCall } from "../../../server/objstore/bucket.ts";
import { refused, unavailable } from "../../../server/objstore/faults.ts";
import { createMemoryBucket } from "../../../server/objstore/memory.ts";
import {
  defaultRetryPolicy,
  type RetryPolicy,
  retrying,
} from "../../../server/objstore/retrying.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const at = { address: "test://", attempt: "head x" };
const down = (retryAfterMs?: number): Error =>
  unavailable(at, "503 Slow Down", retryAfterMs === undefined ? {} : { retryAfterMs });

/** A bucket whose `head` does what the test says, call by call. */
function scene(answer: (attempt: number, call: BucketCall) => Promise<undefined>) {
  const clock = createManualClock();
  const seen: number[] = [];
  const head = (_: string, call: BucketCall): Promise<undefined> => {
    seen.push(clock.monotonicMs());
    return answer(seen.length, call);
  };
  const driver: Bucket = {
    ...createMemoryBucket({ clock: systemClock }),
    address: "test://",
    head,
  };
  const open = (policy: Partial<RetryPolicy> = {}): Bucket =>
    retrying(driver, { ...defaultRetryPolicy, ...policy }, { clock, prng: seededPrng(3) });
  return { clock, seen, open };
}

/** Lets time pass until `call` is settled. */
async function settle<T>(clock: ManualClock, call: Promise<T>): Promise<T> {
  let isSettled = false;
  const watched = call.finally(() => (isSettled = true));
  watched.catch(() => {});
  for (let turn = 0; !isSettled; turn++) {
    expect(turn).toBeLessThan(20_000);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    clock.advance(10);
  }
  return watched;
}

test("a failure that may pass is tried again after growing pauses", async () => {
  const { clock, seen, open } = scene((attempt) =>
    attempt < 5 ? Promise.reject(down()) : Promise.resolve(undefined),
  );
  await settle(clock, open().head("x", {}));
  expect(seen).toHaveLength(5);
  const pauses = seen.slice(1).map((ms, i) => ms - (seen[i] as number));
  for (const [i, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(100 * 2 ** i + 20);
  expect(Math.max(...pauses)).toBeGreaterThan(100);
});

test("a refusal is not tried again", async () => {
  const { clock, seen, open } = scene(() => Promise.reject(refused(at, "403 Forbidden")));
  await expect(settle(clock, open().head("x", {}))).rejects.toMatchObject({
    id: "err-urd-bucket-refused",
  });
  expect(seen).toHaveLength(1);
});

test("after the last attempt it fails typed and says how often it was tried", async () => {
  const { clock, seen, open } = scene(() => Promise.reject(down()));
  await expect(settle(clock, open({ attemptsMax: 3 }).head("x", {}))).rejects.toMatchObject({
    id: "err-urd-bucket-unavailable",
    message: expect.stringMatching(/503 Slow Down \(tried 3 times in \d\.\d s\)/),
  });
  expect(seen).toHaveLength(3);
});

test("a stalled attempt is given up, told so, and tried again", async () => {
  const aborted: unknown[] = [];
  const { clock, seen, open } = scene((attempt, call) => {
    call.signal?.addEventListener("abort", () => aborted.push(call.signal?.reason));
    return attempt === 1 ? new Promise(() => {}) : Promise.resolve(undefined);
  });
  await settle(clock, open({ attemptTimeoutMs: 1_000 }).head("x", {}));
  expect(seen).toHaveLength(2);
  expect(seen[1]).toBeGreaterThanOrEqual(1_000);
  expect(aborted).toHaveLength(1);
});

test("a call ends by its deadline, whatever the driver does", async () => {
  const { clock, open } = scene(() => new Promise(() => {}));
  const call = open({ attemptTimeoutMs: 400 }).head("x", { timeoutMs: 1_000 });
  await expect(settle(clock, call)).rejects.toMatchObject({ id: "err-urd-bucket-unavailable" });
  expect(clock.monotonicMs()).toBeLessThanOrEqual(1_020);
});

test("the store's own word on when to come back is kept to", async () => {
  const { clock, seen, open } = scene((attempt) =>
    attempt === 1 ? Promise.reject(down(3_000)) : Promise.resolve(undefined),
  );
  await settle(clock, open().head("x", {}));
  expect(seen[1]).toBeGreaterThanOrEqual(3_000);
});

test("a caller that goes away ends the attempt and the pause", async () => {
  for (const answer of [
    () => Promise.reject(down(5_000)),
    () => new Promise<undefined>(() => {}),
  ]) {
    const { clock, seen, open } = scene(answer);
    const controller = new AbortController();
    const gone = new Error("gone");
    clock.after(300, () => controller.abort(gone));
    await expect(settle(clock, open().head("x", { signal: controller.signal }))).rejects.toBe(gone);
    expect(seen).toHaveLength(1);
    expect(clock.monotonicMs()).toBeLessThan(400);
  }
});

test("when everything fails, retries stop at the budget and come back with success", async () => {
  let isDown = true;
  const { clock, seen, open } = scene(() =>
    isDown ? Promise.reject(down()) : Promise.resolve(undefined),
  );
  const budget = { burst: 10, perSuccess: 0.5, perSecond: 0 };
  const bucket = open({ budget });
  for (let i = 0; i < 20; i++)
    await settle(
      clock,
      bucket.head("x", {}).catch(() => undefined),
    );
  expect(seen).toHaveLength(20 + 10);
  isDown = false;
  for (let i = 0; i < 4; i++) await bucket.head("x", {});
  isDown = true;
  seen.length = 0;
  await settle(
    clock,
    bucket.head("x", {}).catch(() => undefined),
  );
  expect(seen).toHaveLength(1 + 2);
});
