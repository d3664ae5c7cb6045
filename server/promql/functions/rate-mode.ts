/** Which of the functions that compare the ends of a window it is. */
export interface RateMode {
  /** What falls was reset; else a gauge. */
  readonly counter: boolean;
  readonly perSecond: boolean;
}

/** Seconds of a duration as Go's Duration.Seconds computes them. */
export function durationSeconds(ms: number): number {
  return Math.floor(ms / 1000) + ((ms % 1000) * 1e6) / 1e9;
}
