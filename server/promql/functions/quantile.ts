import type { Annotations } from "../annotations.ts";
import type { Position } from "../parser/index.ts";
import { formatGeneral } from "../go-format.ts";

/**
 * The quantile of values, which are sorted in place: between two samples the weighted mean of
 * both. NaN sorts below all numbers.
 */
export function quantileOf(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  values.sort();
  moveNaNsFirst(values);
  const rank = quantile * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return values[lower]! * (1 - weight) + values[upper]! * weight;
}

/** Typed arrays sort NaN to their end. */
function moveNaNsFirst(values: Float64Array): void {
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1]!)) numbers--;
  if (numbers === values.length) return;
  values.copyWithin(values.length - numbers, 0, numbers);
  values.fill(Number.NaN, 0, values.length - numbers);
}

/** Remarks on a quantile that is none. */
export function annotateQuantile(
  quantile: number,
  { annotations, positions }: { annotations: Annotations; positions: readonly Position[] },
): void {
  if (quantile >= 0 && quantile <= 1) return;
  annotations.add({
    kind: "warning",
    text: `quantile value should be between 0 and 1, got ${formatGeneral(quantile)}`,
    position: positions[0] as Position,
  });
}
