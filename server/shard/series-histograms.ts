import type { HistogramMessage } from "../kernel/index.ts";

/**
 * Native histograms of a series' chunks, which may overlap, ascending and one per time: a value
 * beats a staleness marker, then the greater message wins.
 */
export function mergeHistograms(
  chunks: readonly (readonly HistogramMessage[])[],
): readonly HistogramMessage[] {
  const merged: HistogramMessage[] = [];
  for (const one of chunks.flat().sort((a, b) => a.timeMs - b.timeMs)) {
    const last = merged.at(-1);
    if (last?.timeMs !== one.timeMs) merged.push(one);
    else if (isStronger(one, last)) merged[merged.length - 1] = one;
  }
  return merged;
}

/** A staleness marker in the field of the sum: its tag, then its bits, little-endian. */
const staleSum = Uint8Array.of(0x19, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);

function isStronger(one: HistogramMessage, other: HistogramMessage): boolean {
  const [stale, otherStale] = [isStale(one), isStale(other)];
  if (stale !== otherStale) return otherStale;
  return Buffer.compare(one.message, other.message) > 0;
}

/** The kernel writes the sum of a marker first, or behind a count of zero. */
function isStale({ message }: HistogramMessage): boolean {
  return [0, 9].some(
    (at) => Buffer.compare(message.subarray(at, at + staleSum.length), staleSum) === 0,
  );
}
