/** A tenant id that was checked by `parseTenantId`. */
export type TenantId = string & { readonly brand: "TenantId" };

/** The tenant of a process without multitenancy. */
export const anonymousTenant: TenantId = "anonymous" as TenantId;

const tenantIdLengthMax = 150;
const tenantIdPattern = /^[A-Za-z0-9!_.*'()-]+$/;

/**
 * Checks a tenant id by Mimir's rules: 1 to 150 characters of letters, digits and !-_.*'();
 * `.`, `..` and the reserved cluster folders are refused. Returns the reason when it is bad.
 */
export function parseTenantId(text: string): TenantId | { readonly reason: string } {
  if (text.length === 0) return { reason: "the tenant id is empty" };
  if (text.length > tenantIdLengthMax) {
    return { reason: `the tenant id is longer than ${tenantIdLengthMax} characters` };
  }
  if (!tenantIdPattern.test(text)) {
    return { reason: "the tenant id has characters other than letters, digits and !-_.*'()" };
  }
  if (text === "." || text === ".." || text === "__mimir_cluster" || text === "__urd_cluster") {
    return { reason: `the tenant id ${text} is reserved` };
  }
  return text as TenantId;
}
