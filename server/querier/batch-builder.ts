import { type Labels, urdError } from "../model/index.ts";
import { CorruptionError, type UrdError } from "../platform/base/index.ts";
import type { ReadAccount, SeriesBatch, SeriesColumns } from "../storage/index.ts";
import type { ChunkReader } from "../shard/index.ts";
import {
  clearSamples,
  createChunkDecoder,
  createRunMerger,
  forgetPredecessor,
  knownEncoding,
  makeColumns,
  type SampleColumns,
  type TimeRange,
} from "../tsdb/index.ts";
import type { FrameChunk, ReceivedSeries } from "../wire/index.ts";

/**
 * Turns received series into batches of columns. All series of a batch lie one behind the
 * other in the same columns, which the next batch uses again.
 */
export interface BatchBuilder {
  /** Decodes the samples of one series that lie within the range. */
  add(series: ReceivedSeries, shard: number, read: ReadOf): void;
  /** True when the batch should go. */
  isFull(): boolean;
  /** True when nothing waits. */
  isEmpty(): boolean;
  /** The batch: borrowed until the next `add`. Its reads are accounted first. */
  take(account: ReadAccount): SeriesBatch;
  /** Forgets everything, for the next selection. */
  reset(): void;
  /** Samples that the columns have room for. */
  capacity(): number;
}

/** What one selection reads with. */
export interface ReadOf {
  readonly range: TimeRange;
  readonly account: ReadAccount;
  /** Most samples of one batch, which one long series can fill alone; 0: no limit. */
  readonly samplesMax: number;
}

/**
 * 32,768 samples are 512 KiB of columns, which a core's own cache holds; fewer would pay the
 * turn between decoder and engine too often.
 */
const batchSamplesTarget = 32_768;
/** Bounds the objects of a batch when series have few samples, as with instant queries. */
const batchSeriesMax = 2048;
/** Reads that are told to the account before the batch is ready: bounds what one series costs. */
const unaccountedSamplesMax = 1 << 20;

interface Entry {
  readonly labels: Labels;
  readonly from: number;
  readonly to: number;
  readonly hasHistograms: boolean;
}

/** Makes a builder; `chunks` is undefined when peers send all chunks inline. */
export function createBatchBuilder(chunks: ChunkReader | undefined): BatchBuilder {
  return new Builder(chunks);
}

class Builder implements BatchBuilder {
  readonly #chunks: ChunkReader | undefined;
  readonly #decoder = createChunkDecoder();
  readonly #merger = createRunMerger();
  readonly #columns: SampleColumns = makeColumns(1024);
  #entries: Entry[] = [];
  #isHandedOut = false;
  #read = { series: 0, chunks: 0, chunkSizeBytes: 0, samples: 0 };

  constructor(chunks: ChunkReader | undefined) {
    this.#chunks = chunks;
  }

  add(series: ReceivedSeries, shard: number, read: ReadOf): void {
    if (this.#isHandedOut) this.reset();
    const columns = this.#columns;
    const from = columns.length;
    let isAscending = true;
    this.#read.series++;
    for (const chunk of series.chunks) {
      const at = columns.length;
      this.#decode(chunk, shard, read.range);
      this.#read.chunks++;
      this.#read.samples += columns.length - at;
      if (at > from && columns.length > at) {
        if (columns.timesMs[at]! <= columns.timesMs[at - 1]!) isAscending = false;
        // Its chunk's own predecessor lies before the range, or in another source.
        forgetPredecessor(columns, at);
      }
      if (this.#read.samples > unaccountedSamplesMax) this.#account(read.account);
      if (read.samplesMax > 0 && columns.length > read.samplesMax) {
        throw tooManySamples(read.samplesMax);
      }
    }
    if (!isAscending) this.#merger.merge(columns, from);
    if (columns.length === from) return;
    const hasHistograms = (columns.histograms?.length ?? 0) > from;
    this.#entries.push({ labels: series.labels, from, to: columns.length, hasHistograms });
  }

  isFull(): boolean {
    return this.#columns.length >= batchSamplesTarget || this.#entries.length >= batchSeriesMax;
  }

  isEmpty(): boolean {
    return this.#isHandedOut || this.#entries.length === 0;
  }

  take(account: ReadAccount): SeriesBatch {
    this.#account(account);
    this.#isHandedOut = true;
    const { timesMs, values, words, histograms, startTimesMs } = this.#columns;
    if (histograms === undefined && startTimesMs === undefined) {
      const series: SeriesColumns[] = [];
      for (const { labels, from, to } of this.#entries) {
        series.push({ labels, timesMs, values, words, from, to });
      }
      return { series };
    }
    return {
      series: this.#entries.map((entry) => ({
        ...entry,
        ...{ timesMs, values, words, startTimesMs },
        histograms: entry.hasHistograms ? histograms : undefined,
      })),
    };
  }

  reset(): void {
    this.#isHandedOut = false;
    this.#entries = [];
    clearSamples(this.#columns);
  }

  capacity(): number {
    return this.#columns.timesMs.length;
  }

  #account(account: ReadAccount): void {
    const read = this.#read;
    this.#read = { series: 0, chunks: 0, chunkSizeBytes: 0, samples: 0 };
    account.addRead(read);
  }

  #decode(chunk: FrameChunk, shard: number, range: TimeRange): void {
    const encoding = knownEncoding(chunk.encoding);
    if (encoding === undefined) {
      const text = `A chunk has encoding ${chunk.encoding}, which this version cannot read.`;
      throw urdError("query-incomplete", text);
    }
    try {
      const bytes = chunk.bytes ?? this.#readLocated(chunk, shard);
      this.#read.chunkSizeBytes += bytes.length;
      this.#decoder.decode({ encoding, bytes }, range, this.#columns);
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      throw urdError(
        "query-incomplete",
        `${placeOf(chunk, shard)} cannot be read: ${error.message}.`,
        {
          cause: error,
        },
      );
    }
  }

  #readLocated(chunk: FrameChunk, shard: number): Uint8Array {
    const { file, offsetBytes, sizeBytes } = chunk;
    if (this.#chunks === undefined) {
      throw urdError("internal", "A chunk came as a location that was not asked for.");
    }
    return this.#chunks.read({ shard, file, offsetBytes, sizeBytes });
  }
}

function tooManySamples(limit: number): UrdError {
  const text = "query processing would load too many samples into memory in query execution";
  return urdError("max-samples-per-query", text, { limit });
}

function placeOf(chunk: FrameChunk, shard: number): string {
  if (chunk.bytes !== undefined) return `An open chunk of shard ${shard}`;
  return `The chunk at byte ${chunk.offsetBytes} of chunks file ${chunk.file} of shard ${shard}`;
}
