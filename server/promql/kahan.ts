/**
 * Neumaier's sum: a running total and the part that rounding took from it. Plain functions over
 * a two-number state keep the hot loops free of allocation; the order of operations is
 * Prometheus's, so totals agree bit for bit.
 */
export interface KahanSum {
  sum: number;
  compensation: number;
}

/** A sum of nothing. */
export function emptySum(): KahanSum {
  return { sum: 0, compensation: 0 };
}

/** Adds `value` to `total`. An infinite sum drops the compensation, which would be NaN. */
export function addTo(total: KahanSum, value: number): void {
  const { sum } = total;
  const next = sum + value;
  total.compensation = nextCompensation(sum, value, total.compensation);
  total.sum = next;
}

/** The compensation after `value` is added to `sum`; the new sum itself is `sum + value`. */
export function nextCompensation(sum: number, value: number, compensation: number): number {
  const next = sum + value;
  if (next === Infinity || next === -Infinity) return 0;
  return Math.abs(sum) >= Math.abs(value)
    ? compensation + (sum - next + value)
    : compensation + (value - next + sum);
}
