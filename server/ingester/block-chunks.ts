import { type ChunkEncoding, chunkEncodings } from "../model/index.ts";
import { defined } from "../platform/base/index.ts";
import type { ChunkReader } from "../shard/index.ts";
import {
  type BlockChunk,
  createRunMerger,
  createXorDecoder,
  encodeXor,
  makeColumns,
  type RunMerger,
  type SampleColumns,
  type TimeRange,
  type XorDecoder,
} from "../tsdb/index.ts";
import type { ShardChunk } from "./collect-series.ts";

/** Samples of a chunk that is encoded again, as in Prometheus. */
const samplesPerChunk = 120;

/**
 * Makes the chunks of a block out of those of the shards. Chunks that stand clear of each other
 * are taken as they are. Where they overlap, for samples came late or lie in two shards, all are
 * decoded, merged (a value beats a stale marker, then the greater bits) and encoded anew.
 */
export class BlockChunks {
  readonly #reader: ChunkReader;
  readonly #decoder: XorDecoder = createXorDecoder();
  readonly #merger: RunMerger = createRunMerger();
  readonly #columns: SampleColumns = makeColumns(1024);

  /** Sealed chunks are read through `reader`. */
  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  /** Chunks of one series within a range, ascending, not overlapping; fresh bytes. */
  of(chunks: readonly ShardChunk[], range: TimeRange): BlockChunk[] {
    const ordered = chunks.toSorted((a, b) => a.chunk.minTimeMs - b.chunk.minTimeMs);
    return isClear(ordered, range)
      ? ordered.map((chunk) => this.#copy(chunk))
      : this.#merge(ordered, range);
  }

  #copy(one: ShardChunk): BlockChunk {
    const { minTimeMs, maxTimeMs } = one.chunk;
    const encoding = known(one.chunk.encoding);
    const bytes = this.#bytes(one).slice();
    const samples = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    return { encoding, bytes, minTimeMs, maxTimeMs, samples };
  }

  #merge(chunks: readonly ShardChunk[], range: TimeRange): BlockChunk[] {
    const columns = this.#columns;
    columns.length = 0;
    for (const one of chunks) {
      if (one.chunk.encoding !== chunkEncodings.xor) {
        throw new Error(`chunks of encoding ${one.chunk.encoding} overlap and cannot be merged`);
      }
      this.#decoder.decode(this.#bytes(one), range, columns);
    }
    this.#merger.merge(columns, 0);
    const merged: BlockChunk[] = [];
    for (let from = 0; from < columns.length; from += samplesPerChunk) {
      const to = Math.min(columns.length, from + samplesPerChunk);
      merged.push({
        encoding: chunkEncodings.xor,
        bytes: encodeXor(columns, from, to),
        minTimeMs: columns.timesMs[from]!,
        maxTimeMs: columns.timesMs[to - 1]!,
        samples: to - from,
      });
    }
    return merged;
  }

  #bytes({ shard, chunk }: ShardChunk): Uint8Array {
    const { file, offsetBytes, sizeBytes } = chunk;
    return chunk.bytes ?? this.#reader.read({ shard, file, offsetBytes, sizeBytes });
  }
}

function known(encoding: number): ChunkEncoding {
  const found = Object.values(chunkEncodings).find((number) => number === encoding);
  return defined(found, `a chunk's encoding ${encoding}`);
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
