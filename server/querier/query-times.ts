import type { TenantLimits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";

/** The steps of a query: from start, a step apart, up to end. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  /** 0: an instant query at the start. */
  readonly stepMs: number;
}

/** Prometheus's bound on steps: sixty seconds' resolution for a week, an hour's for a year. */
const stepsMax = 11_000;

/** Throws request-invalid, in Prometheus's words, for steps that a range query cannot have. */
export function checkTimes(times: QueryTimes): void {
  const fault =
    times.endMs < times.startMs
      ? "end timestamp must not be before start time"
      : times.stepMs <= 0
        ? "zero or negative query resolution step widths are not accepted. Try a positive integer"
        : (times.endMs - times.startMs) / times.stepMs > stepsMax
          ? "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
          : undefined;
  if (fault !== undefined) throw urdError("request-invalid", fault);
}

/** Throws when a query covers more time, from its first step to its last, than its tenant may. */
export function checkLength({ startMs, endMs }: QueryTimes, limits: TenantLimits): void {
  const limit = limits.totalQueryLengthMsMax;
  if (limit === 0 || endMs - startMs <= limit) return;
  const sentence = `The query covers ${endMs - startMs} ms; its tenant may query ${limit} ms at once.`;
  throw urdError("max-total-query-length", sentence, { limit });
}
