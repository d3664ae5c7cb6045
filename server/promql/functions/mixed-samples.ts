import { detectReset, histogramsEqual } from "../../model/index.ts";
import type { WindowedSeries, WindowFunction } from "./range-kernel.ts";
import { isStartReset } from "./start-times.ts";

/** How often a sample differs from the one before; a float always differs from a histogram. */
const changes: WindowFunction = (series, from, to) =>
  countSteps(from, to, (i) => {
    const { histograms = [], values } = series;
    const [before, after] = [histograms[i - 1], histograms[i]];
    if (before !== undefined && after !== undefined) return !histogramsEqual(before, after);
    if (before !== undefined || after !== undefined) return true;
    return values[i]! !== values[i - 1]! && !areBothNaN(series, i);
  });

/** How often a counter was reset; going from floats to histograms or back is a reset too. */
const resets: WindowFunction = (series, from, to) =>
  countSteps(from, to, (i) => {
    const { histograms = [], values, startTimesMs, timesMs } = series;
    const [before, after] = [histograms[i - 1], histograms[i]];
    if ((before === undefined) !== (after === undefined)) return true;
    if (isStartReset(startTimesMs, timesMs, i)) return true;
    if (before !== undefined && after !== undefined) return detectReset(after, before);
    return values[i]! < values[i - 1]!;
  });

function areBothNaN({ values }: WindowedSeries, i: number): boolean {
  return Number.isNaN(values[i]) && Number.isNaN(values[i - 1]);
}

function countSteps(from: number, to: number, counts: (i: number) => boolean): number {
  let count = 0;
  for (let i = from + 1; i < to; i++) if (counts(i)) count++;
  return count;
}

/** Functions that take each sample of a window as it comes, float or histogram. */
export const mixedSamples: Readonly<Record<string, WindowFunction>> = {
  changes,
  resets,
  ts_of_first_over_time: ({ timesMs }, from) => timesMs[from]! / 1000,
  ts_of_last_over_time: ({ timesMs }, _from, to) => timesMs[to - 1]! / 1000,
};
