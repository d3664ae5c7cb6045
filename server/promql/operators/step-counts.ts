import { countPresent, isPresent, type Presence } from "./presence.ts";

/**
 * Samples that selectors of a query looked at, by step, counted as Prometheus counts them: a
 * selector's sample once at each step that uses it, a window's samples at each step again. What
 * is evaluated once for all steps counts at each of them, what several places share at each place;
 * inside subqueries nothing is counted but the windows over their results.
 */
export class StepCounts {
  readonly #own: Float64Array;
  readonly #parts: { readonly counts: StepCounts; readonly weight: number }[] = [];

  constructor(stepCount: number) {
    this.#own = new Float64Array(stepCount);
  }

  /** Counts of a part that `weight` places share. */
  shared(weight: number): StepCounts {
    return this.#part(this.#own.length, weight);
  }

  /** Counts of a part that is evaluated at the first step alone. */
  once(): StepCounts {
    return this.#part(Math.min(1, this.#own.length), 1);
  }

  /** A series has a sample at these steps. */
  addPresent(present: Presence): void {
    const own = this.#own;
    if (own.length === 1) own[0]! += countPresent(present);
    else for (let step = 0; step < own.length; step++) if (isPresent(present, step)) own[step]!++;
  }

  /** A series has the samples [starts, ends) in the window of each step. */
  addWindows(starts: Int32Array, ends: Int32Array): void {
    const own = this.#own;
    for (let step = 0; step < own.length; step++) own[step]! += ends[step]! - starts[step]!;
  }

  /** A series has so many samples, all of them at the only step. */
  addSamples(count: number): void {
    if (this.#own.length > 0) this.#own[0]! += count;
  }

  /** All counts by step. */
  total(): Float64Array {
    const total = this.#own.slice();
    for (const { counts, weight } of this.#parts) {
      const part = counts.total();
      const isOnce = part.length === 1;
      for (let step = 0; step < total.length; step++) {
        total[step]! += weight * (part[isOnce ? 0 : step] ?? 0);
      }
    }
    return total;
  }

  #part(stepCount: number, weight: number): StepCounts {
    const counts = new StepCounts(stepCount);
    this.#parts.push({ counts, weight });
    return counts;
  }
}
