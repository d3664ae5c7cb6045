/** Randomness as a parameter, so that a run can be repeated from its seed. */
export interface Prng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound); `bound` is at most 2^32. */
  below(bound: number): number;
}

/** xorshift32 over a non-zero seed: good enough for jitter and tests, not for secrets. */
export function seededPrng(seed: number): Prng {
  let state = seed >>> 0 || 0x9e3779b9;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}
