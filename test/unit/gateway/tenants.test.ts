import { expect, test } from "vitest";
import { tenantOf } from "../../../server/gateway/tenants.ts";

const many = { multitenancyEnabled: true };

test("without multitenancy everybody is anonymous", () => {
  expect(tenantOf({ multitenancyEnabled: false }, ["a|b"])).toBe("anonymous");
});

test.each(["team-a", "A!-_.*'()9", "x".repeat(150), "..."])("%s is a tenant", (id) => {
  expect(tenantOf(many, [id])).toBe(id);
});

test.each([
  [[], "err-urd-no-org-id"],
  [[""], "err-urd-no-org-id"],
  [["a", "b"], "err-urd-tenant-id-invalid"],
  [["", ""], "err-urd-tenant-id-invalid"],
  [["a|b"], "err-urd-tenant-id-invalid"],
  [["a, b"], "err-urd-tenant-id-invalid"],
  [["a:key=value"], "err-urd-tenant-id-invalid"],
  [["."], "err-urd-tenant-id-invalid"],
  [["__mimir_cluster"], "err-urd-tenant-id-invalid"],
])("%j is none", (values, id) => {
  expect(() => tenantOf(many, values)).toThrow(expect.objectContaining({ id }));
});
