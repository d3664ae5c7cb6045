import { truncatedWarning } from "./merge-texts.ts";

/** Cuts a result after so many series, and says so. The query itself runs to its end. */
export interface SeriesLimiter {
  /** True when one series more may be part of the answer. */
  take(): boolean;
  /** The warning, when something was cut. */
  warnings(): readonly string[];
}

/** At most `limit` series; 0: no limit. */
export function createSeriesLimiter(limit: number): SeriesLimiter {
  let seen = 0;
  return {
    take: () => ++seen <= limit || limit === 0,
    warnings: () => (limit > 0 && seen > limit ? [truncatedWarning] : []),
  };
}
