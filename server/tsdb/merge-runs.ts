import { type FloatHistogram, isStaleAt } from "../model/index.ts";
import {
  clearSamples,
  makeColumns,
  reserveSamples,
  type SampleColumns,
  truncateSamples,
} from "./chunkenc/index.ts";
import { compareHistograms } from "./compare-histograms.ts";

/**
 * Chunks of one series may overlap: late samples are kept apart from the others, and several
 * shards or replicas may hold the same ones. Decoded one behind the other they form runs that
 * ascend in themselves; this file makes one ascending run of them, with one sample per time.
 */

/** Merges runs in place; holds only scratch space. */
export interface RunMerger {
  /**
   * Sorts samples `[from, columns.length)`, which consist of ascending runs, and shortens the
   * columns by the samples whose time occurs twice. Of two samples at one time a value beats a
   * staleness marker, then a histogram beats a float, then the greater bit pattern (as a 64-bit
   * number) or the greater histogram wins, then the later start time. A histogram that follows
   * one of another run does not know any more that there was no reset.
   */
  merge(columns: SampleColumns, from: number): void;
}

/** Makes a merger; one per thread is enough. */
export function createRunMerger(): RunMerger {
  const scratch = makeColumns(0);
  return {
    merge(columns, from) {
      const starts = runStarts(columns, from);
      // Shortest detours: merging neighbours pairwise touches each sample log2(runs) times.
      while (starts.length > 1) mergeNeighbours(columns, starts, scratch);
    },
  };
}

/** Makes a histogram forget what it knew of the one before it, which is another one now. */
export function forgetPredecessor({ histograms }: SampleColumns, i: number): void {
  const histogram = histograms?.[i];
  if (histogram === undefined || histogram.hint === "gauge") return;
  histograms![i] = { ...histogram, hint: "unknown" };
}

/** Where the runs begin; the first one at `from`. */
function runStarts(columns: SampleColumns, from: number): number[] {
  const { timesMs, length } = columns;
  const starts = [from];
  for (let i = from + 1; i < length; i++) {
    if (timesMs[i]! <= timesMs[i - 1]!) starts.push(i);
  }
  return starts;
}

/** Merges run 0 with 1, 2 with 3 and so on, through the scratch columns. */
function mergeNeighbours(columns: SampleColumns, starts: number[], scratch: SampleColumns): void {
  const { length } = columns;
  const from = starts[0]!;
  clearSamples(scratch);
  reserveSamples(scratch, length - from);
  if (columns.histograms !== undefined) scratch.histograms = [];
  if (columns.startTimesMs !== undefined) {
    scratch.startTimesMs = new Float64Array(scratch.timesMs.length);
  }
  const merged: number[] = [];
  for (let run = 0; run < starts.length; run += 2) {
    merged.push(from + scratch.length);
    const middle = starts[run + 1] ?? length;
    const end = starts[run + 2] ?? length;
    mergeTwo(columns, { first: starts[run]!, middle, end }, scratch);
  }
  copyBack(scratch, columns, from);
  starts.splice(0, starts.length, ...merged);
}

function copyBack(scratch: SampleColumns, columns: SampleColumns, from: number): void {
  const { length } = scratch;
  columns.timesMs.set(scratch.timesMs.subarray(0, length), from);
  columns.words.set(scratch.words.subarray(0, 2 * length), 2 * from);
  if (scratch.startTimesMs !== undefined) {
    columns.startTimesMs?.set(scratch.startTimesMs.subarray(0, length), from);
  }
  truncateSamples(columns, from + length);
  const { histograms } = columns;
  if (histograms === undefined) return;
  while (histograms.length < columns.length) histograms.push(undefined);
  for (let i = 0; i < length; i++) histograms[from + i] = scratch.histograms?.[i];
}

function mergeTwo(
  columns: SampleColumns,
  runs: { readonly first: number; readonly middle: number; readonly end: number },
  into: SampleColumns,
): void {
  const { timesMs } = columns;
  let a = runs.first;
  let b = runs.middle;
  let lastIsB: boolean | undefined;
  while (a < runs.middle || b < runs.end) {
    let takesB = a === runs.middle;
    let isTwice = false;
    if (a < runs.middle && b < runs.end) {
      const order = timesMs[a]! - timesMs[b]!;
      isTwice = order === 0;
      takesB = isTwice ? prefersSecond(columns, a, b) : order > 0;
    }
    copySample(columns, takesB ? b : a, into);
    if (lastIsB !== undefined && lastIsB !== takesB) forgetPredecessor(into, into.length - 1);
    lastIsB = takesB;
    if (isTwice || !takesB) a++;
    if (isTwice || takesB) b++;
  }
}

/** Whether sample `b` stands for a time that both samples have. */
function prefersSecond(columns: SampleColumns, a: number, b: number): boolean {
  const order = compareSamples(columns, a, b);
  if (order !== 0) return order < 0;
  const { startTimesMs } = columns;
  return startTimesMs !== undefined && startTimesMs[b]! > startTimesMs[a]!;
}

function compareSamples({ words, histograms }: SampleColumns, a: number, b: number): number {
  const [left, right] = [histograms?.[a], histograms?.[b]];
  if (left !== undefined || right !== undefined) return compareMixed(left, right);
  const isStaleA = isStaleAt(words, a);
  if (isStaleA !== isStaleAt(words, b)) return isStaleA ? -1 : 1;
  return words[2 * a + 1]! - words[2 * b + 1]! || words[2 * a]! - words[2 * b]!;
}

/** At least one of the samples is a histogram. */
function compareMixed(a: FloatHistogram | undefined, b: FloatHistogram | undefined): number {
  if (a === undefined) return -1;
  return b === undefined ? 1 : compareHistograms(a, b);
}

function copySample(from: SampleColumns, i: number, into: SampleColumns): void {
  const to = into.length++;
  into.timesMs[to] = from.timesMs[i]!;
  into.words[2 * to] = from.words[2 * i]!;
  into.words[2 * to + 1] = from.words[2 * i + 1]!;
  if (from.startTimesMs !== undefined) into.startTimesMs![to] = from.startTimesMs[i]!;
  if (from.histograms !== undefined) into.histograms!.push(from.histograms[i]);
}
