import type { FloatHistogram, Labels, Matcher } from "../model/index.ts";

/**
 * Samples of one series as columns, ascending in time, one sample per time. Entries
 * `[from, to)` of the columns count; the rest belongs to others. Values keep their exact
 * bits: staleness markers are among them and are told from other NaN by `isStaleAt` over
 * `words`, which aliases `values`. Where `histograms` has an entry the sample is that histogram
 * and its value means nothing; a histogram's staleness marker is the one in `values`, without an
 * entry. Columns are borrowed: valid until the next batch is asked for; histograms may be kept.
 */
export interface SeriesColumns {
  readonly labels: Labels;
  /** Milliseconds since the Unix epoch, whole numbers. */
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly words: Uint32Array;
  /**
   * When the counter behind each sample began, in milliseconds; 0 where that is not known.
   * Absent when it is not known of any sample. Staleness markers may have one; it means nothing.
   */
  readonly startTimesMs?: Float64Array | undefined;
  /** Absent in series that have floats only. */
  readonly histograms?: readonly (FloatHistogram | undefined)[] | undefined;
  readonly from: number;
  readonly to: number;
}

/** Some series of an answer. Each series of a selection comes in exactly one batch. */
export interface SeriesBatch {
  readonly series: readonly SeriesColumns[];
}

/** What a selector needs: all matchers hold, and startMs <= time <= endMs. */
export interface Selection {
  readonly matchers: readonly Matcher[];
  /** First millisecond wanted. */
  readonly startMs: number;
  /** Last millisecond wanted, included. */
  readonly endMs: number;
}

/** What bounds one query from outside; every loop that may last checks it. */
export interface QueryCall {
  readonly signal: AbortSignal;
  /** Counts what was read; throws the limit's error when one is passed. */
  readonly account: ReadAccount;
  /**
   * Asked before each piece of work on what has come from elsewhere: a promise when others are
   * to go first. Without it pieces are worked on as they come.
   */
  readonly pause?: (() => Promise<void> | undefined) | undefined;
}

/** Counters of one query's reads. The implementation throws when a limit is passed. */
export interface ReadAccount {
  /** Called once per batch, before its columns are handed out. */
  addRead(read: { series: number; chunks: number; chunkSizeBytes: number; samples: number }): void;
}

/** What a label query or a series list found. */
export interface LabelResult {
  /** Sorted by UTF-8 bytes, unique. */
  readonly values: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads one tenant's samples and labels; the engine's only door to data. */
export interface Queryable {
  /**
   * Streams matching series in batches; series without a sample in the range are left out.
   * The order of series is the same for the same data. Throws UrdError.
   */
  select(selection: Selection, call: QueryCall): AsyncIterable<SeriesBatch>;
  /** Label sets of series that match any selection, sorted, unique, at most `limit` (0: all). */
  series(
    selections: readonly Selection[],
    limit: number,
    call: QueryCall,
  ): Promise<{ readonly series: readonly Labels[]; readonly warnings: readonly string[] }>;
  /** Label names of series that match any selection, at most `limit` (0: all). */
  labelNames(
    selections: readonly Selection[],
    limit: number,
    call: QueryCall,
  ): Promise<LabelResult>;
  /** Values of `name` in series that match any selection, at most `limit` (0: all). */
  labelValues(
    name: string,
    selections: readonly Selection[],
    limit: number,
    call: QueryCall,
  ): Promise<LabelResult>;
}
