import { expect, test } from "vitest";
import { shardsOfTenant } from "../../../server/limits/shards-of-tenant.ts";

test.each([
  [0, 4, 4],
  [1, 4, 1],
  [250_000, 4, 1],
  [250_001, 4, 2],
  [10_000_000, 4, 4],
  [10_000_000, 1, 1],
])("a tenant of at most %d series uses, of %d shards, %d", (seriesMax, shards, count) => {
  const mine = shardsOfTenant("a", { seriesMax, shards });
  expect(mine).toHaveLength(count);
  expect(new Set(mine).size).toBe(count);
  expect(mine.every((shard) => shard >= 0 && shard < shards)).toBe(true);
});

test("small tenants spread over all shards and stay where they are", () => {
  const of = (i: number) => shardsOfTenant(`tenant-${i}`, { seriesMax: 1, shards: 4 })[0] ?? -1;
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) counts[of(i)] = (counts[of(i)] ?? 0) + 1;
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
