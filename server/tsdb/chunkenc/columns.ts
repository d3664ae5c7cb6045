import type { FloatHistogram } from "../../model/index.ts";

/**
 * Samples as growing columns. `words` aliases `values`: values are written as bits through it,
 * because a NaN that passes through a JavaScript number may lose its payload.
 */
export interface SampleColumns {
  /** Milliseconds since the Unix epoch, whole numbers. */
  timesMs: Float64Array;
  values: Float64Array;
  words: Uint32Array;
  /**
   * By sample a histogram, which then is the sample, or nothing; a histogram's staleness marker
   * is the one in `values`. Undefined until there is a histogram; never longer than `length`.
   */
  histograms: (FloatHistogram | undefined)[] | undefined;
  /** By sample the time its counter began, ms, 0: unknown. Undefined until one is known. */
  startTimesMs: Float64Array | undefined;
  /** Samples held. Start times behind it are 0, the rest of what lies behind has no meaning. */
  length: number;
}

/** Makes empty columns with room for `capacity` samples. */
export function makeColumns(capacity: number): SampleColumns {
  const values = new Float64Array(capacity);
  const words = new Uint32Array(values.buffer);
  const timesMs = new Float64Array(capacity);
  return { timesMs, values, words, histograms: undefined, startTimesMs: undefined, length: 0 };
}

/**
 * Makes room for `count` samples more. Doubles at least, so appending stays linear; views of
 * the former arrays stay readable but are no longer these columns.
 */
export function reserveSamples(columns: SampleColumns, count: number): void {
  const needed = columns.length + count;
  if (needed <= columns.timesMs.length) return;
  const larger = makeColumns(Math.max(needed, 2 * columns.timesMs.length));
  larger.timesMs.set(columns.timesMs.subarray(0, columns.length));
  // Copied as words: copying doubles may change NaN payloads.
  larger.words.set(columns.words.subarray(0, 2 * columns.length));
  columns.timesMs = larger.timesMs;
  columns.values = larger.values;
  columns.words = larger.words;
  if (columns.startTimesMs === undefined) return;
  const startTimesMs = new Float64Array(columns.timesMs.length);
  startTimesMs.set(columns.startTimesMs.subarray(0, columns.length));
  columns.startTimesMs = startTimesMs;
}

/** Drops the samples from `length` on. */
export function truncateSamples(columns: SampleColumns, length: number): void {
  const { histograms, startTimesMs } = columns;
  if (histograms !== undefined && histograms.length > length) histograms.length = length;
  startTimesMs?.fill(0, length, columns.length);
  columns.length = length;
}

/** Drops all samples, and the columns of histograms and start times with them. */
export function clearSamples(columns: SampleColumns): void {
  columns.length = 0;
  columns.histograms = undefined;
  columns.startTimesMs = undefined;
}

/** The column of histograms, filled up to the samples held, so that the next can be added. */
export function histogramColumn(columns: SampleColumns): (FloatHistogram | undefined)[] {
  const histograms = (columns.histograms ??= []);
  while (histograms.length < columns.length) histograms.push(undefined);
  return histograms;
}

/** The column of start times, as long as the others. */
export function startTimeColumn(columns: SampleColumns): Float64Array {
  return (columns.startTimesMs ??= new Float64Array(columns.timesMs.length));
}
