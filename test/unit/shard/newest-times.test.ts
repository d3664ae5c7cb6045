import { expect, test } from "vitest";
import { NewestTimes, newestTimesMemory, noNewestMs } from "../../../server/shard/newest-times.ts";

test("the newest time of a tenant is seen by all shards and never falls", () => {
  const memory = newestTimesMemory();
  const [one, two] = [new NewestTimes(memory), new NewestTimes(memory)];
  expect(two.get("a")).toBe(noNewestMs);
  one.raise("a", 1_700_000_000_000);
  expect(two.get("a")).toBe(1_700_000_000_000);
  two.raise("a", 5);
  expect(one.get("a")).toBe(1_700_000_000_000);
  one.raise("b", -7);
  expect(two.get("b")).toBe(-7);
  for (let i = 0; i < 3000; i++) one.raise(`tenant-${i}`, i + 1);
  for (let i = 0; i < 3000; i++) expect(two.get(`tenant-${i}`)).toBe(i + 1);
});
