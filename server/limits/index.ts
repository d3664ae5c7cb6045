export { ByteBudget } from "./byte-budget.ts";
export { createLimits, type Limits, type LimitsState, type TenantOverrides } from "./limits.ts";
export { type OverridesReload, startOverridesReload } from "./overrides-reload.ts";
export { shardsOfTenant } from "./shards-of-tenant.ts";
export {
  type LimitKey,
  limitKeys,
  multitenantDefaults,
  singleProcessDefaults,
  type TenantLimits,
} from "./tenant-limits.ts";
export { createTenantRates, type TenantRates } from "./tenant-rates.ts";
