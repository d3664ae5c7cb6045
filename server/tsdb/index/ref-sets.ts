/** Sets of series references as ascending arrays without repetition. */

/** References in both. Walks the shorter one and leaps through the longer by halving. */
export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [small, large] = a.length <= b.length ? [a, b] : [b, a];
  const out = new Uint32Array(small.length);
  let count = 0;
  let from = 0;
  for (let i = 0; i < small.length; i++) {
    const ref = small[i]!;
    from = lowerBound(large, ref, from);
    if (from === large.length) break;
    if (large[from] === ref) out[count++] = ref;
  }
  return out.slice(0, count);
}

/** References in `a` that are not in `b`. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length);
  let count = 0;
  let from = 0;
  for (let i = 0; i < a.length; i++) {
    const ref = a[i]!;
    from = lowerBound(b, ref, from);
    if (from === b.length || b[from] !== ref) out[count++] = ref;
  }
  return out.slice(0, count);
}

/**
 * References in any of the sets. Lists of different values of one label share no series, so
 * joining and sorting is all; sets that overlap would come out with repetitions.
 */
export function uniteDisjoint(sets: readonly Uint32Array[]): Uint32Array {
  if (sets.length === 1) return sets[0] as Uint32Array;
  const out = new Uint32Array(sets.reduce((sum, set) => sum + set.length, 0));
  let count = 0;
  for (const set of sets) {
    out.set(set, count);
    count += set.length;
  }
  return out.sort();
}

/** First position from `from` on whose reference is at least `ref`. */
function lowerBound(refs: Uint32Array, ref: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step < refs.length && refs[low + step]! < ref) {
    low += step;
    step *= 2;
  }
  let high = Math.min(refs.length, low + step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (refs[middle]! < ref) low = middle + 1;
    else high = middle;
  }
  return low;
}
