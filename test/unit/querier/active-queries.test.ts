import { expect, test } from "vitest";
import { createActiveQueries } from "../../../server/querier/active-queries.ts";

const of = (tenant: string): { tenant: string; text: string; startedMs: number } => ({
  tenant,
  text: "up",
  startedMs: 0,
});

test("a tenant takes its own places only, all tenants together those of the thread", () => {
  const active = createActiveQueries({ all: 3, ofTenant: 2 });
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
});
