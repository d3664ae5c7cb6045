import { anonymousTenant, parseTenantId, type TenantId, urdError } from "../model/index.ts";

/** How requests are given to tenants. */
export interface TenancyConfig {
  /** False: there is one tenant, `anonymous`, and nobody is asked. */
  readonly multitenancyEnabled: boolean;
}

/**
 * The tenant of a request by the values of its X-Scope-OrgID headers, as they came. Throws:
 * 401 without one, 400 with a malformed one, with two headers, or with several tenants in one
 * (`a|b`), which neither writing nor, so far, reading takes.
 */
export function tenantOf(config: TenancyConfig, values: readonly string[]): TenantId {
  if (!config.multitenancyEnabled) return anonymousTenant;
  const [value] = values;
  if (value === undefined || (values.length === 1 && value.trim() === "")) {
    throw urdError("no-org-id", "no org id: the header X-Scope-OrgID is missing");
  }
  if (values.length > 1) throw invalid("the header X-Scope-OrgID was given more than once");
  if (value.includes("|")) throw invalid("several tenants in one request are not supported");
  const tenant = parseTenantId(value);
  if (typeof tenant !== "string") throw invalid(tenant.reason);
  return tenant;
}

function invalid(reason: string): Error {
  return urdError("tenant-id-invalid", `The request's tenant cannot be: ${reason}.`);
}
