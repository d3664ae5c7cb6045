import { type ChunkEncoding, chunkEncodings } from "../model/index.ts";
import { defined } from "../platform/base/index.ts";
import type { ChunkReader } from "../shard/index.ts";
import {
  type ChunkDecoder,
  chunkSamples,
  clearSamples,
  createChunkDecoder,
  createRunMerger,
  type EncodedBytes,
  type EncodedChunk,
  encodeChunks,
  type EncodeOptions,
  knownEncoding,
  makeColumns,
  type RunMerger,
  type SampleColumns,
  type TimeRange,
} from "../tsdb/index.ts";
import type { ShardChunk } from "./series-table.ts";

/**
 * Makes the chunks of a block out of those of the shards. Chunks that stand clear of each other
 * are taken as they are. Where they overlap, for samples came late or lie in two shards, all are
 * decoded, merged (`RunMerger` says which of two samples at one time stays) and encoded anew.
 */
export class BlockChunks {
  readonly #reader: ChunkReader;
  readonly #decoder: ChunkDecoder = createChunkDecoder();
  readonly #merger: RunMerger = createRunMerger();
  readonly #columns: SampleColumns = makeColumns(1024);

  /** Sealed chunks are read through `reader`. */
  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  /** Chunks of one series within a range, ascending, not overlapping; fresh bytes. */
  of(chunks: readonly ShardChunk[], range: TimeRange): EncodedChunk[] {
    const ordered = chunks.toSorted((a, b) => a.chunk.minTimeMs - b.chunk.minTimeMs);
    return isClear(ordered, range)
      ? ordered.map((chunk) => this.#copy(chunk))
      : this.#merge(ordered, range);
  }

  #copy(one: ShardChunk): EncodedChunk {
    const { minTimeMs, maxTimeMs } = one.chunk;
    const { encoding, bytes } = this.#read(one);
    const samples = chunkSamples({ encoding, bytes });
    return { encoding, bytes: bytes.slice(), minTimeMs, maxTimeMs, samples };
  }

  #merge(chunks: readonly ShardChunk[], range: TimeRange): EncodedChunk[] {
    const columns = this.#columns;
    clearSamples(columns);
    const encodings = new Set<ChunkEncoding>();
    for (const one of chunks) {
      const chunk = this.#read(one);
      encodings.add(chunk.encoding);
      this.#decoder.decode(chunk, range, columns);
    }
    this.#merger.merge(columns, 0);
    return encodeChunks(columns, optionsFor(encodings));
  }

  #read({ shard, chunk }: ShardChunk): EncodedBytes {
    const { file, offsetBytes, sizeBytes } = chunk;
    const encoding = defined(
      knownEncoding(chunk.encoding),
      `a codec for chunks of encoding ${chunk.encoding}`,
    );
    const bytes = chunk.bytes ?? this.#reader.read({ shard, file, offsetBytes, sizeBytes });
    return { encoding, bytes };
  }
}

/** Forms that hold everything that chunks of some encodings hold. */
function optionsFor(encodings: ReadonlySet<ChunkEncoding>): EncodeOptions {
  const { floatHistogram, floatHistogramST, xor2 } = chunkEncodings;
  return {
    floatHistograms: encodings.has(floatHistogram) || encodings.has(floatHistogramST),
    xor2: encodings.has(xor2),
  };
}

/** Whether chunks, ordered by their first time, lie within the range and do not touch. */
function isClear(chunks: readonly ShardChunk[], { startMs, endMs }: TimeRange): boolean {
  let lastMs = startMs - 1;
  for (const { chunk } of chunks) {
    if (chunk.minTimeMs <= lastMs) return false;
    lastMs = chunk.maxTimeMs;
  }
  return lastMs <= endMs;
}
