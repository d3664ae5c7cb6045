/**
 * The bit pattern of Prometheus's staleness marker: a NaN that says that a series has ended.
 * Only bits tell it from an ordinary NaN, so it is looked for through a Uint32Array that
 * aliases the values (little-endian: low word at 2i, high word at 2i+1).
 */
export const staleHigh = 0x7ff00000;
/** Low word of the staleness marker. */
export const staleLow = 0x00000002;

/** True when value `i` is the staleness marker; `words` aliases the same buffer as the values. */
export function isStaleAt(words: Uint32Array, i: number): boolean {
  return words[2 * i + 1] === staleHigh && words[2 * i] === staleLow;
}
