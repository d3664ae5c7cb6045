import { isStaleAt } from "../model/index.ts";
import { makeColumns, reserveSamples, type SampleColumns } from "./chunkenc/index.ts";

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
   * staleness marker, then the greater bit pattern (as a 64-bit number) wins.
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
  scratch.length = 0;
  reserveSamples(scratch, length - from);
  const merged: number[] = [];
  for (let run = 0; run < starts.length; run += 2) {
    merged.push(from + scratch.length);
    const middle = starts[run + 1] ?? length;
    const end = starts[run + 2] ?? length;
    mergeTwo(columns, { first: starts[run]!, middle, end }, scratch);
  }
  columns.timesMs.set(scratch.timesMs.subarray(0, scratch.length), from);
  columns.words.set(scratch.words.subarray(0, 2 * scratch.length), 2 * from);
  columns.length = from + scratch.length;
  starts.splice(0, starts.length, ...merged);
}

function mergeTwo(
  columns: SampleColumns,
  runs: { readonly first: number; readonly middle: number; readonly end: number },
  into: SampleColumns,
): void {
  const { timesMs } = columns;
  let a = runs.first;
  let b = runs.middle;
  while (a < runs.middle && b < runs.end) {
    const order = timesMs[a]! - timesMs[b]!;
    if (order < 0) copySample(columns, a++, into);
    else if (order > 0) copySample(columns, b++, into);
    else {
      copySample(columns, prefersSecond(columns.words, a, b) ? b : a, into);
      a++;
      b++;
    }
  }
  while (a < runs.middle) copySample(columns, a++, into);
  while (b < runs.end) copySample(columns, b++, into);
}

/** Whether sample `b` stands for a time that both samples have. */
function prefersSecond(words: Uint32Array, a: number, b: number): boolean {
  const isStaleA = isStaleAt(words, a);
  if (isStaleA !== isStaleAt(words, b)) return isStaleA;
  const high = words[2 * b + 1]! - words[2 * a + 1]!;
  return high === 0 ? words[2 * b]! > words[2 * a]! : high > 0;
}

function copySample(from: SampleColumns, i: number, into: SampleColumns): void {
  const to = into.length++;
  into.timesMs[to] = from.timesMs[i]!;
  into.words[2 * to] = from.words[2 * i]!;
  into.words[2 * to + 1] = from.words[2 * i + 1]!;
}
