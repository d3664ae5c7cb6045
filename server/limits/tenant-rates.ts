import { LRUCache } from "lru-cache";
import type { Clock } from "../platform/base/index.ts";
import type { Limits } from "./limits.ts";
import type { TenantLimits } from "./tenant-limits.ts";
import { type Rate, TokenBucket } from "./token-bucket.ts";

/** Tenants whose buckets are kept; a bucket is some 100 bytes. A forgotten tenant starts full. */
const tenantsMax = 100_000;

/** Rate limits of all tenants for one kind of thing. */
export interface TenantRates {
  /** Takes `tokens` of the tenant's bucket; false when it may not do so much now. */
  take(tenant: string, tokens: number): boolean;
}

/** Which rate of a tenant's limits is meant; a zero burst counts as one second's worth. */
export function createTenantRates(options: {
  readonly limits: Limits;
  readonly clock: Clock;
  rateOf(limits: TenantLimits): Rate;
}): TenantRates {
  const { limits, clock } = options;
  const buckets = new LRUCache<string, { bucket: TokenBucket; epoch: number }>({ max: tenantsMax });
  const rateFor = (tenant: string): Rate => {
    const { ratePerSecond, burst } = options.rateOf(limits.limitsFor(tenant));
    return { ratePerSecond, burst: burst === 0 ? Math.ceil(ratePerSecond) : burst };
  };
  return {
    take(tenant, tokens) {
      let entry = buckets.get(tenant);
      if (entry === undefined) {
        entry = { bucket: new TokenBucket(clock, rateFor(tenant)), epoch: limits.epoch };
        buckets.set(tenant, entry);
      } else if (entry.epoch !== limits.epoch) {
        entry.bucket.setRate(rateFor(tenant));
        entry.epoch = limits.epoch;
      }
      return entry.bucket.take(tokens);
    },
  };
}
