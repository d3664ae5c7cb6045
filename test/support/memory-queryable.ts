import { RE2JS } from "re2js";
import {
  compareLabels,
  compareUtf8,
  type Labels,
  labelsKey,
  detectReset,
  type FloatHistogram,
  labelValue,
  type Matcher,
} from "../../server/model/index.ts";
import type {
  LabelResult,
  Queryable,
  Selection,
  SeriesBatch,
  SeriesColumns,
} from "../../server/storage/index.ts";

/** Samples of one series; values are words so that staleness markers keep their bits. */
export interface MemorySeries {
  readonly labels: Labels;
  readonly timesMs: number[];
  /** Low word, high word, low word, … of the values. */
  readonly words: number[];
  readonly histograms: Map<number, FloatHistogram>;
  /** By sample time. */
  readonly startTimesMs: Map<number, number>;
}

/** A Queryable over samples in memory, for tests. */
export interface MemoryQueryable extends Queryable {
  /** Adds a sample; a later one with the same labels and time takes its place. */
  add(labels: Labels, timeMs: number, value: number | { low: number; high: number }): void;
  /** Adds a histogram with the hint that a store would give it. Times of a series must ascend. */
  addHistogram(labels: Labels, timeMs: number, histogram: FloatHistogram): void;
  /** Says when the counter behind the sample at `timeMs` began. The series must be there. */
  setStartTime(labels: Labels, timeMs: number, startTimeMs: number): void;
}

const bits = new Float64Array(1);
const bitWords = new Uint32Array(bits.buffer);

/** An empty store; batches hold `batchSize` series. */
export function createMemoryQueryable(batchSize = 3): MemoryQueryable {
  const store = new Map<string, MemorySeries>();
  const select = (selections: readonly Selection[]): SeriesColumns[] =>
    [...store.values()]
      .filter(({ labels }) => selections.some(({ matchers }) => matchesAll(labels, matchers)))
      .sort((a, b) => compareLabels(a.labels, b.labels))
      .map((series) => columns(series, selections[0] as Selection))
      .filter((series) => series.from < series.to);
  return {
    add(labels, timeMs, value) {
      const series = store.get(labelsKey(labels)) ?? newSeries(labels);
      store.set(labelsKey(labels), series);
      let at = series.timesMs.length;
      while (at > 0 && (series.timesMs[at - 1] as number) >= timeMs) at--;
      const replaced = series.timesMs[at] === timeMs ? 1 : 0;
      if (typeof value === "number") bits[0] = value;
      const [low, high] =
        typeof value === "number"
          ? [bitWords[0] as number, bitWords[1] as number]
          : [value.low, value.high];
      series.timesMs.splice(at, replaced, timeMs);
      series.words.splice(2 * at, 2 * replaced, low, high);
    },
    addHistogram(labels, timeMs, histogram) {
      this.add(labels, timeMs, Number.NaN);
      const { histograms, timesMs } = store.get(labelsKey(labels)) as MemorySeries;
      const before = histograms.get(timesMs.at(-2) ?? Number.NaN);
      histograms.set(timeMs, { ...histogram, hint: storedHint(histogram, before) });
    },
    setStartTime(labels, timeMs, startTimeMs) {
      (store.get(labelsKey(labels)) as MemorySeries).startTimesMs.set(timeMs, startTimeMs);
    },
    async *select(selection): AsyncIterable<SeriesBatch> {
      const series = select([selection]);
      for (let i = 0; i < series.length; i += batchSize) {
        yield { series: series.slice(i, i + batchSize) };
      }
    },
    series: async (selections) => ({
      series: select(selections).map(({ labels }) => labels),
      warnings: [],
    }),
    labelNames: async (selections) =>
      sorted(select(selections).flatMap(({ labels }) => labels.filter((_, i) => i % 2 === 0))),
    labelValues: async (name, selections) =>
      sorted(select(selections).flatMap(({ labels }) => labelValue(labels, name) || [])),
  };
}

function newSeries(labels: Labels): MemorySeries {
  return { labels, timesMs: [], words: [], histograms: new Map(), startTimesMs: new Map() };
}

/** Only samples that go on a chunk are known not to be resets. */
function storedHint(h: FloatHistogram, before: FloatHistogram | undefined): FloatHistogram["hint"] {
  if (h.hint === "gauge") return "gauge";
  if (before === undefined || before.hint === "gauge" || h.hint === "reset") return "unknown";
  return detectReset({ ...h, hint: "unknown" }, before) ? "unknown" : "not-reset";
}

function sorted(values: readonly string[]): LabelResult {
  return { values: [...new Set(values)].sort(compareUtf8), warnings: [] };
}

function columns(series: MemorySeries, { startMs, endMs }: Selection): SeriesColumns {
  const timesMs = Float64Array.from(series.timesMs);
  const words = Uint32Array.from(series.words);
  let from = 0;
  let to = timesMs.length;
  while (from < to && (timesMs[from] as number) < startMs) from++;
  while (to > from && (timesMs[to - 1] as number) > endMs) to--;
  return {
    labels: series.labels,
    timesMs,
    values: new Float64Array(words.buffer),
    words,
    from,
    to,
    ...(series.startTimesMs.size > 0 && {
      startTimesMs: Float64Array.from(timesMs, (timeMs) => series.startTimesMs.get(timeMs) ?? 0),
    }),
    ...(series.histograms.size > 0 && {
      histograms: series.timesMs.map((timeMs) => series.histograms.get(timeMs)),
    }),
  };
}

function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matches(labelValue(labels, matcher.name), matcher));
}

function matches(value: string, matcher: Matcher): boolean {
  if (matcher.type === "=") return value === matcher.value;
  if (matcher.type === "!=") return value !== matcher.value;
  const found = RE2JS.compile(matcher.value, RE2JS.DOTALL).matches(value);
  return matcher.type === "=~" ? found : !found;
}
