import type { FloatHistogram } from "../../model/index.ts";
import type { HistogramColumn, StepColumn, StepSeries } from "./stream.ts";
import { isPresent, setPresent } from "./presence.ts";

/** The series without its histograms; the same object when it has none. */
export function floatsOf(series: StepSeries): StepSeries {
  const { histograms } = series;
  if (histograms === undefined) return series;
  const present = series.present.slice();
  for (const [step, histogram] of histograms.entries()) {
    if (histogram !== undefined) present[step >>> 5]! &= ~(1 << (step & 31));
  }
  return { ...series, present, histograms: undefined };
}

/** A number or a histogram from a histogram, or undefined to leave the step out. */
export type HistogramMap = (h: FloatHistogram, step: number) => FloatHistogram | number | undefined;

/** Adds to a column what a function makes of a series' histograms. */
export function mapHistograms(series: StepSeries, map: HistogramMap, out: StepColumn): void {
  for (const [step, histogram] of (series.histograms ?? []).entries()) {
    if (histogram === undefined || !isPresent(series.present, step)) continue;
    setSample(out, step, map(histogram, step));
  }
}

/** Puts a sample of either kind into a column; undefined puts nothing. */
export function setSample(
  out: StepColumn,
  step: number,
  sample: FloatHistogram | number | undefined,
): void {
  if (sample === undefined) return;
  setPresent(out.present, step);
  if (typeof sample === "number") {
    out.values[step] = sample;
    return;
  }
  out.histograms ??= emptyHistograms(out.values.length);
  out.histograms[step] = sample;
}

function emptyHistograms(stepCount: number): HistogramColumn {
  return new Array<undefined>(stepCount).fill(undefined);
}
