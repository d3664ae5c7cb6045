import { describe, expect, test } from "vitest";
import { createEngine } from "../../../../server/promql/index.ts";
import type { QueryCall } from "../../../../server/storage/index.ts";
import { createMemoryQueryable } from "../../../support/memory-queryable.ts";

const call: QueryCall = {
  signal: new AbortController().signal,
  account: { addRead: () => undefined },
};

/** One series with a sample every 10 s, one with three of them, as Prometheus's own test has. */
const store = createMemoryQueryable();
for (let timeMs = 0; timeMs <= 1_000_000; timeMs += 10_000) {
  store.add(["__name__", "one"], timeMs, timeMs);
  for (const id of ["a", "b", "c"]) store.add(["__name__", "three", "id", id], timeMs, timeMs);
}

const engine = createEngine();

async function countsOf(query: string, endMs?: number): Promise<number[]> {
  const common = { query, countsSteps: true };
  const result =
    endMs === undefined
      ? engine.instant({ ...common, timeMs: 201_000 }, store, call)
      : engine.range({ ...common, startMs: 201_000, endMs, stepMs: 5000 }, store, call);
  for await (const batch of result.batches()) void batch;
  return [...(result.stats().samplesByStep ?? [])];
}

describe("samples by step are Prometheus's", () => {
  test.each([
    ["one", [1]],
    ["three", [3]],
    ["timestamp(three)", [3]],
    ["one offset 1h", [0]],
    ["1 + 1", [0]],
    ["one[60s]", [6]],
    ["sum_over_time(one[60s])", [6]],
    ["sum(rate(three[60s])) + sum(rate(three[60s]))", [36]],
    ["max_over_time(one[60s:5s])", [12]],
    ["sum(max_over_time(three[60s:5s]))", [36]],
    ["max_over_time(sum_over_time(one[60s])[60s:5s])", [12]],
  ])("at one time: %s", async (query, counts) => {
    expect(await countsOf(query)).toEqual(counts);
  });

  test.each([
    ["one", [1, 1, 1, 1]],
    ["one[60s] @ 30", undefined],
    ["sum_over_time(one[60s] @ 30)", [4, 4, 4, 4]],
    ["sum_over_time(one[60s])", [6, 6, 6, 6]],
    ["sum_over_time(one[55s])", [6, 5, 6, 5]],
    ["one + (one @ 30)", [2, 2, 2, 2]],
    ["max_over_time(one[60s:5s])", [12, 12, 12, 12]],
    ["three @ 30 or three @ 30", [6, 6, 6, 6]],
  ])("at four steps: %s", async (query, counts) => {
    if (counts === undefined)
      await expect(countsOf(query, 216_000)).rejects.toThrow(/range vector/);
    else expect(await countsOf(query, 216_000)).toEqual(counts);
  });

  test("none when nobody asks", async () => {
    const result = engine.instant({ query: "one", timeMs: 0 }, store, call);
    for await (const batch of result.batches()) void batch;
    expect(result.stats().samplesByStep).toBeUndefined();
  });
});
