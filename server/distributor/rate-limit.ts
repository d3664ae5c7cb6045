import type { PayloadCounts } from "../kernel/index.ts";
import { createTenantRates, type Limits, type TenantRates } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { Clock } from "../platform/base/index.ts";
import { rowsOf } from "./inspect.ts";

/** Holds tenants to their rates. Both calls throw a 429 for the whole request. */
export interface RateLimits {
  /** Counts one request, before its body is read. */
  admitRequest(tenant: string): void;
  /** Counts what a request holds, before any of it is stored. */
  admitRows(tenant: string, counts: PayloadCounts): void;
}

/** Rate limits by the tenants' limits; buckets start full. */
export function createRateLimits(limits: Limits, clock: Clock): RateLimits {
  const requests: TenantRates = createTenantRates({
    limits,
    clock,
    rateOf: (of) => ({ ratePerSecond: of.requestRate, burst: of.requestBurst }),
  });
  const rows: TenantRates = createTenantRates({
    limits,
    clock,
    rateOf: (of) => ({ ratePerSecond: of.ingestionRate, burst: of.ingestionBurst }),
  });
  return {
    admitRequest(tenant) {
      if (requests.take(tenant, 1)) return;
      const { requestRate, requestBurst } = limits.limitsFor(tenant);
      throw urdError(
        "tenant-max-request-rate",
        `The tenant may send ${requestRate} write requests a second, ${requestBurst} at once.`,
        { limit: requestRate },
      );
    },
    admitRows(tenant, counts) {
      const wanted = rowsOf(counts) + counts.metadata;
      if (rows.take(tenant, wanted)) return;
      const { ingestionRate, ingestionBurst } = limits.limitsFor(tenant);
      throw urdError(
        "tenant-max-ingestion-rate",
        `The tenant may send ${ingestionRate} samples a second, ${ingestionBurst} at once; ` +
          `this request holds ${wanted} and was dropped as a whole.`,
        { limit: ingestionRate },
      );
    },
  };
}
