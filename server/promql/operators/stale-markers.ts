import { type FloatHistogram, isStaleAt } from "../../model/index.ts";
import type { SeriesColumns } from "../../storage/index.ts";

/** Columns without staleness markers: entries [from, to). Borrowed until the next series. */
export interface CleanColumns {
  timesMs: Float64Array;
  values: Float64Array;
  /** Absent too when start times are not wanted. */
  startTimesMs: Float64Array | undefined;
  histograms: readonly (FloatHistogram | undefined)[] | undefined;
  from: number;
  to: number;
}

/**
 * Returns a function that takes staleness markers out of a series of floats. Series without
 * markers are passed on without a copy; the returned object is the same each time.
 */
export function createMarkerFilter(
  wantsStartTimes: boolean,
): (series: SeriesColumns) => CleanColumns {
  const none = new Float64Array(0);
  const room = { times: none, values: none, starts: none };
  const clean: CleanColumns = {
    ...{ timesMs: none, values: none, startTimesMs: undefined },
    ...{ histograms: undefined, from: 0, to: 0 },
  };
  return (series) => {
    const first = firstMarker(series);
    const startTimesMs = wantsStartTimes ? series.startTimesMs : undefined;
    if (first === series.to) {
      clean.timesMs = series.timesMs;
      clean.values = series.values;
      clean.startTimesMs = startTimesMs;
      clean.from = series.from;
      clean.to = series.to;
      return clean;
    }
    const size = series.to - series.from;
    if (room.times.length < size) {
      room.times = new Float64Array(size * 2);
      room.values = new Float64Array(size * 2);
    }
    if (startTimesMs !== undefined && room.starts.length < size) {
      room.starts = new Float64Array(size * 2);
    }
    clean.to = copyUnmarked(series, room, startTimesMs);
    clean.timesMs = room.times;
    clean.values = room.values;
    clean.startTimesMs = startTimesMs && room.starts;
    clean.from = 0;
    return clean;
  };
}

function firstMarker({ values, words, from, to }: SeriesColumns): number {
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (value !== value && isStaleAt(words, i)) return i;
  }
  return to;
}

function copyUnmarked(
  series: SeriesColumns,
  room: { readonly times: Float64Array; values: Float64Array; starts: Float64Array },
  startTimesMs: Float64Array | undefined,
): number {
  let count = 0;
  for (let i = series.from; i < series.to; i++) {
    if (isStaleAt(series.words, i)) continue;
    room.times[count] = series.timesMs[i]!;
    room.values[count] = series.values[i]!;
    if (startTimesMs !== undefined) room.starts[count] = startTimesMs[i]!;
    count++;
  }
  return count;
}

/** Which samples of a series with histograms are wanted. */
export type SampleKind = "all" | "floats" | "histograms";

/** A copy of a series' samples of one kind, without staleness markers. */
export function samplesOfKind(
  series: SeriesColumns,
  kind: SampleKind,
  wantsStartTimes: boolean,
): CleanColumns {
  const { histograms = [], words, timesMs, values, from, to } = series;
  const places: number[] = [];
  for (let i = from; i < to; i++) {
    const isHistogram = histograms[i] !== undefined;
    if (isHistogram ? kind === "floats" : kind === "histograms" || isStaleAt(words, i)) continue;
    places.push(i);
  }
  const startTimesMs = wantsStartTimes ? series.startTimesMs : undefined;
  const pick = (column: Float64Array): Float64Array =>
    Float64Array.from(places, (place) => column[place]!);
  return {
    timesMs: pick(timesMs),
    values: pick(values),
    startTimesMs: startTimesMs && pick(startTimesMs),
    histograms: kind === "floats" ? undefined : places.map((place) => histograms[place]),
    ...{ from: 0, to: places.length },
  };
}
