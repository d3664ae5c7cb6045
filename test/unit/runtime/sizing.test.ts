import { expect, test } from "vitest";
import { threadCounts } from "../../../server/runtime/sizing.ts";

const open = { shards: 0, workers: 0 };

test("cores decide where the configuration does not", () => {
  const of = (cores: number): unknown => threadCounts(open, { cores, memorySizeBytes: 1 });
  expect(of(1)).toEqual({ shards: 1, queryThreads: 1 });
  expect(of(2)).toEqual({ shards: 1, queryThreads: 1 });
  expect(of(9)).toEqual({ shards: 4, queryThreads: 4 });
  const fixed = threadCounts({ shards: 3, workers: 2 }, { cores: 16, memorySizeBytes: 1 });
  expect(fixed).toEqual({ shards: 3, queryThreads: 2 });
});
