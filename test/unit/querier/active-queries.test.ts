import { expect, test } from "vitest";
import { type ActiveQuery, createActiveQueries } from "../../../server/querier/active-queries.ts";

const of = (tenant: string): Omit<ActiveQuery, "id"> => ({
  tenant,
  text: "up",
  startedMs: 0,
  times: { startMs: 0, endMs: 0, stepMs: 0 },
  progress: () => ({ usedMs: 0, samples: 0 }),
  cancel: () => undefined,
});

test("a tenant takes its own places only, all tenants together those of the thread", () => {
  const active = createActiveQueries({ all: 3, ofTenant: 2 }, "query-1");
  const first = active.enter(of("a"));
  active.enter(of("a"));
  expect(() => active.enter(of("a"))).toThrow(
    expect.objectContaining({ id: "err-urd-query-queue-full", limit: 2, retryAfterMs: 1000 }),
  );
  active.enter(of("b"));
  expect(() => active.enter(of("b"))).toThrow(expect.objectContaining({ limit: 3 }));
  active.leave(first);
  active.leave(first);
  active.enter(of("a"));
  expect(active.list().map(({ tenant }) => tenant)).toEqual(["a", "b", "a"]);
  expect(active.list().map(({ id }) => id)).toEqual(["query-1.2", "query-1.3", "query-1.4"]);
});
