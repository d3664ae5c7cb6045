import { LRUCache } from "lru-cache";
import { CorruptionError, errorText } from "../../platform/base/index.ts";
import { crc32c } from "../../platform/encoding/index.ts";
import type { Vfs, VfsFile } from "../../platform/vfs/index.ts";

/** Where a sealed chunk lies: its bytes without the checksum behind them. */
export interface ChunkLocation {
  readonly shard: number;
  readonly file: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Reads sealed chunks out of the shards' chunks files. Synchronous: the page cache has them. */
export interface ChunkReader {
  /**
   * The chunk's bytes, checked against the crc32c behind them. A view of a cached page or of
   * scratch space: valid until the next call. Throws CorruptionError with file and offset when
   * the bytes are missing, short or wrong.
   */
  read(location: ChunkLocation): Uint8Array;
  close(): void;
}

/** What the reader works with. */
export interface ChunkReaderOptions {
  readonly vfs: Vfs;
  /** Path of a chunks file. */
  readonly pathOf: (shard: number, file: number) => string;
  /** Bytes of files kept in memory. */
  readonly cacheSizeBytesMax: number;
}

/**
 * Files are read in pages: neighbouring chunks were sealed together and are asked for together,
 * and a read of 64 KiB costs hardly more than one of 300 bytes.
 */
const pageSizeBytes = 64 * 1024;
/** Readable bytes behind a page, so that the decoder need not copy the page's last chunk. */
const slackSizeBytes = 32;
const checksumSizeBytes = 4;
/** No chunk is longer: 65,535 samples of 145 bits. */
const chunkSizeBytesMax = 2 * 1024 * 1024;
const filesOpenMax = 64;
/** Files that nobody reads are closed, so that the disk space of removed ones comes back. */
const fileIdleMsMax = 600_000;
/** Bits for a page within a file (4 GiB) and for a file within a shard, in one exact number. */
const pagesPerFile = 2 ** 16;
const filesPerShard = 2 ** 27;

/** A page as it was when read; a file that grows makes it short, never wrong. */
interface Page {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Opens no file before it is needed. */
export function createChunkReader(options: ChunkReaderOptions): ChunkReader {
  return new Reader(options);
}

class Reader implements ChunkReader {
  readonly #options: ChunkReaderOptions;
  readonly #files: LRUCache<number, VfsFile>;
  readonly #pages: LRUCache<number, Page>;
  #scratch = new Uint8Array(4096);

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
    this.#files = new LRUCache({
      max: filesOpenMax,
      ttl: fileIdleMsMax,
      updateAgeOnGet: true,
      dispose: (file) => file.close(),
    });
    this.#pages = new LRUCache({
      max: Math.max(1, Math.floor(options.cacheSizeBytesMax / pageSizeBytes)),
    });
  }

  read(location: ChunkLocation): Uint8Array {
    if (location.sizeBytes > chunkSizeBytesMax) throw this.#corrupt(location, "is too long");
    const size = location.sizeBytes + checksumSizeBytes;
    const bytes = this.#bytes(location, size);
    const chunk = bytes.subarray(0, location.sizeBytes);
    const at = location.sizeBytes;
    const expected =
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    const actual = crc32c(chunk);
    if (actual !== expected) {
      throw this.#corrupt(location, `crc32c is ${actual}, expected ${expected}`);
    }
    return chunk;
  }

  close(): void {
    this.#files.clear();
    this.#pages.clear();
  }

  /** `size` bytes from the location on, out of one page or put together from several. */
  #bytes(location: ChunkLocation, size: number): Uint8Array {
    const inPage = location.offsetBytes % pageSizeBytes;
    const first = Math.floor(location.offsetBytes / pageSizeBytes);
    if (inPage + size <= pageSizeBytes) {
      const page = this.#page(location, first, inPage + size);
      return page.bytes.subarray(inPage, inPage + size);
    }
    if (this.#scratch.length < size + slackSizeBytes) {
      this.#scratch = new Uint8Array(2 * size + slackSizeBytes);
    }
    let copied = 0;
    for (let number = first; copied < size; number++) {
      const from = copied === 0 ? inPage : 0;
      const to = Math.min(pageSizeBytes, from + size - copied);
      const page = this.#page(location, number, to);
      this.#scratch.set(page.bytes.subarray(from, to), copied);
      copied += to - from;
    }
    return this.#scratch.subarray(0, size);
  }

  /** The page, with at least `needed` bytes in it. */
  #page(location: ChunkLocation, number: number, needed: number): Page {
    const key = this.#fileKey(location) * pagesPerFile + number;
    const cached = this.#pages.get(key);
    if (cached !== undefined && cached.length >= needed) return cached;
    const bytes = new Uint8Array(pageSizeBytes + slackSizeBytes);
    const length = this.#readPage(location, bytes.subarray(0, pageSizeBytes), number);
    if (length < needed) throw this.#corrupt(location, "the file ends before the chunk does");
    const page = { bytes, length };
    this.#pages.set(key, page);
    return page;
  }

  #readPage(location: ChunkLocation, target: Uint8Array, number: number): number {
    try {
      return this.#file(location).read(target, number * pageSizeBytes);
    } catch (error) {
      if (error instanceof CorruptionError) throw error;
      throw this.#corrupt(location, `cannot be read: ${errorText(error)}`, error);
    }
  }

  #file(location: ChunkLocation): VfsFile {
    const key = this.#fileKey(location);
    const open = this.#files.get(key);
    if (open !== undefined) return open;
    this.#files.purgeStale();
    const path = this.#options.pathOf(location.shard, location.file);
    const file = this.#options.vfs.open(path, "read");
    this.#files.set(key, file);
    return file;
  }

  #fileKey(location: ChunkLocation): number {
    return location.shard * filesPerShard + location.file;
  }

  #corrupt(location: ChunkLocation, what: string, cause?: unknown): CorruptionError {
    const file = this.#options.pathOf(location.shard, location.file);
    return new CorruptionError({ file, offsetBytes: location.offsetBytes }, what, cause);
  }
}
