import type { Labels } from "../../model/index.ts";
import type { WindowedSeries } from "../functions/range-kernel.ts";
import type { RangeSource } from "./range-source.ts";
import type { CleanColumns } from "./stale-markers.ts";
import type { EvalContext } from "./stream.ts";

/** Says for each step which of a series' samples its window has. Borrowed until the next call. */
export type WindowPlacer = (columns: CleanColumns, labels: Labels) => WindowedSeries;

/** Lengths and ends of the windows to place. */
type Windows = Pick<RangeSource, "rangeMs" | "reach">;

/**
 * Moves both ends of the window along a series' times. Windows are (end - range, end]; an
 * extended one that has a sample goes back to the last one at or before its start, and a smoothed
 * one on to the first one at or after its end, both within the look-back. Their samples are
 * counted where that is wanted.
 */
export function createWindowPlacer(
  windows: Windows,
  windowEndsMs: Float64Array,
  stepCounts?: EvalContext["stepCounts"],
): WindowPlacer {
  const { rangeMs, reach } = windows;
  const place =
    reach.extended === undefined
      ? placePlain({ backMs: rangeMs, aheadMs: 0 })
      : placeExtended(windows);
  return placerBy(windowEndsMs, (series, endsMs) => {
    place(series, endsMs);
    stepCounts?.addWindows(series.starts, series.ends);
  });
}

/** Places windows that hold all samples which an extended one may look at. */
export function createWidePlacer(windows: Windows, windowEndsMs: Float64Array): WindowPlacer {
  const { rangeMs, reach } = windows;
  const { extended, lookbackMs } = reach;
  const aheadMs = extended === "smoothed" ? lookbackMs : 0;
  return placerBy(windowEndsMs, placePlain({ backMs: rangeMs + lookbackMs, aheadMs }));
}

type Place = (series: WindowedSeries, windowEndsMs: Float64Array) => void;

function placerBy(windowEndsMs: Float64Array, place: Place): WindowPlacer {
  const stepCount = windowEndsMs.length;
  const none = new Float64Array(0);
  const windowed: WindowedSeries = {
    ...{ labels: [], timesMs: none, values: none, startTimesMs: undefined },
    ...{ histograms: undefined, from: 0, to: 0 },
    ...{ starts: new Int32Array(stepCount), ends: new Int32Array(stepCount) },
  };
  return (columns, labels) => {
    windowed.labels = labels;
    windowed.timesMs = columns.timesMs;
    windowed.values = columns.values;
    windowed.startTimesMs = columns.startTimesMs;
    windowed.histograms = columns.histograms;
    windowed.from = columns.from;
    windowed.to = columns.to;
    place(windowed, windowEndsMs);
    return windowed;
  };
}

/** Windows (end - back, end + ahead]. */
function placePlain({ backMs, aheadMs }: { backMs: number; aheadMs: number }): Place {
  return ({ timesMs, from, to, starts, ends }, windowEndsMs) => {
    const stepCount = windowEndsMs.length;
    let start = from;
    let end = from;
    for (let step = 0; step < stepCount; step++) {
      const endMs = windowEndsMs[step]!;
      while (end < to && timesMs[end]! <= endMs + aheadMs) end++;
      while (start < end && timesMs[start]! <= endMs - backMs) start++;
      starts[step] = start;
      ends[step] = end;
    }
  };
}

function placeExtended({ rangeMs, reach }: Windows): Place {
  const { lookbackMs } = reach;
  const smoothed = reach.extended === "smoothed";
  return ({ timesMs, from, to, starts, ends }, windowEndsMs) => {
    let [oldest, inside, end] = [from, from, from];
    for (let step = 0; step < windowEndsMs.length; step++) {
      const endMs = windowEndsMs[step]!;
      const startMs = endMs - rangeMs;
      while (oldest < to && timesMs[oldest]! <= startMs - lookbackMs) oldest++;
      while (inside < to && timesMs[inside]! <= startMs) inside++;
      while (end < to && (smoothed ? timesMs[end]! < endMs : timesMs[end]! <= endMs)) end++;
      const first = inside > oldest ? inside - 1 : inside;
      const reachesOn = smoothed && end < to && timesMs[end]! <= endMs + lookbackMs;
      const last = reachesOn ? end : end - 1;
      const isEmpty = inside > last || timesMs[first]! > endMs;
      starts[step] = isEmpty ? from : first;
      ends[step] = isEmpty ? from : last + 1;
    }
  };
}
