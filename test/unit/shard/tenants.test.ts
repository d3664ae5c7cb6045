import { expect, test } from "vitest";
import { decodeTenant, ShardTenants, tenantRecord } from "../../../server/shard/tenants.ts";

test("numbers are dense, kept over a restart and never given twice", () => {
  const tenants = new ShardTenants();
  expect(tenants.findOrAdd("a").index).toBe(1);
  expect(tenants.findOrAdd("b").index).toBe(2);
  expect(tenants.findOrAdd("a").index).toBe(1);
  expect(tenants.find("c")).toBeUndefined();
  const again = new ShardTenants();
  for (const { name, index } of tenants.all.toReversed()) again.restore(name, index);
  expect(again.find("a")).toMatchObject({ index: 1, logged: true });
  expect(again.findOrAdd("c")).toMatchObject({ index: 3, logged: false });
});

test("a tenant's record is read as it was written", () => {
  expect(decodeTenant(tenantRecord({ name: "team-ä", index: 70_000 }).body)).toEqual({
    name: "team-ä",
    index: 70_000,
  });
  expect(decodeTenant(new Uint8Array(4))).toBeUndefined();
});
