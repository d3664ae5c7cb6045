import type { Labels } from "../../model/index.ts";
import { isEmpty, type Presence } from "./presence.ts";
import { newColumn, type StepColumn, type StepSeries } from "./stream.ts";

/** How a missing side is made up. */
export interface FillSetup {
  /** The value at every step that is filled. */
  readonly value: number;
  readonly stepCount: number;
  /** Labels of a made-up series, from those of the series that found no match. */
  labelsOf(labels: Labels): Labels;
}

/**
 * The made-up partner of a series: present at the series' steps that none of `taken` has.
 * Undefined when there is no such step. The column is used again for the next partner.
 */
export type Filler = (
  series: StepSeries,
  taken: readonly { readonly present: Presence }[],
) => StepColumn | undefined;

/** Makes partners for one side of a fill modifier. */
export function createFiller({ value, stepCount, labelsOf }: FillSetup): Filler {
  const column = newColumn(stepCount);
  column.values.fill(value);
  return (series, taken) => {
    column.present.set(series.present);
    for (const { present } of taken) {
      for (let i = 0; i < present.length; i++) column.present[i]! &= ~present[i]!;
    }
    if (isEmpty(column.present)) return undefined;
    column.labels = labelsOf(series.labels);
    return column;
  };
}
