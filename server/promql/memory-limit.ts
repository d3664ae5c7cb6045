import { tooManySamplesError } from "./query-error.ts";

/** Counts the samples that a query holds at once and refuses more than its limit. */
export interface SampleBudget {
  /** Takes room for `count` samples; throws the limit's error when there is none. */
  hold(count: number): void;
  /** Gives back room that was taken. */
  release(count: number): void;
  /** Most samples held at once so far. */
  peak(): number;
}

/** A budget of `samplesMax` samples; 0 means no limit. */
export function createSampleBudget(samplesMax: number): SampleBudget {
  let held = 0;
  let peak = 0;
  return {
    hold(count) {
      held += count;
      if (held > peak) peak = held;
      if (samplesMax > 0 && held > samplesMax) throw tooManySamplesError(samplesMax);
    },
    release(count) {
      held -= count;
    },
    peak: () => peak,
  };
}
