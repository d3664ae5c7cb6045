import { type Clock, CorruptionError, errorText } from "../../platform/base/index.ts";
import { crc32c } from "../../platform/encoding/index.ts";
import type { Logger } from "../../platform/telemetry/index.ts";
import { type Vfs, type VfsFile, writeAll } from "../../platform/vfs/index.ts";
import type { ChunksPosition, ShardKernel } from "../../kernel/index.ts";
import type { Syncer } from "../log/syncer.ts";

/** A chunks file starts with "URDC" and a u32 version; then chunk bytes and their crc32c, again and again. */
export const chunksHeaderSizeBytes = 8;
/** Bytes of the crc32c (little-endian) behind each chunk. */
export const chunkChecksumSizeBytes = 4;

const magic = 0x43445255;
const formatVersion = 1;
const retryIntervalMs = 200;

/** Where a sealed chunk lies: its bytes without the checksum behind them. */
export interface ChunkPlace {
  readonly file: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Sizes of chunks files. */
export interface ChunksSettings {
  readonly fileSizeBytesMax: number;
  /** Sealed bytes kept in memory while the disk does not take them; over it pushes are refused. */
  readonly waitingSizeBytesMax: number;
}

/** What chunks files work with. */
export interface ChunksFilesOptions {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly settings: ChunksSettings;
  /** Number of the file to begin with; no file of that number or above is there. */
  readonly firstFile: number;
}

/** Name of a chunks file. */
export function chunksFileName(file: number): string {
  return `${String(file).padStart(8, "0")}.chunks`;
}

/** Number of a chunks file's name; undefined when the file is something else. */
export function chunksFileNumber(name: string): number | undefined {
  return /^\d{8,}\.chunks$/.test(name) ? Number.parseInt(name, 10) : undefined;
}

/**
 * The files that hold the sealed chunks of one shard, append-only. The kernel has decided where
 * each chunk lies when it seals it; this class makes it so. While the disk is full the bytes wait
 * in memory, and are read from there.
 */
export class ChunksFiles {
  readonly #options: ChunksFilesOptions;
  readonly #kernel: ShardKernel;
  readonly #readers = new Map<number, VfsFile>();
  /** Bytes behind `#written` that the disk did not take, oldest first. */
  #waiting: Uint8Array[] = [];
  #waitingSizeBytes = 0;
  #file: number;
  #writer: VfsFile | undefined;
  #written = chunksHeaderSizeBytes;
  #unsynced = new Set<VfsFile>();
  #namesSynced = true;
  #failedAtMs: number | undefined;

  /** Tells the kernel where its next chunk will lie; its outbox must be empty. */
  constructor(kernel: ShardKernel, options: ChunksFilesOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.#file = options.firstFile;
    kernel.setChunksPosition({ file: this.#file, offsetBytes: chunksHeaderSizeBytes });
  }

  /** Newest file; series refer to none above it. */
  get file(): number {
    return this.#file;
  }

  /** Where the next chunk will lie, once the kernel's outbox is empty. */
  get position(): ChunksPosition {
    const waitingSizeBytes = this.#waitingSizeBytes + this.#kernel.outboxSizeBytes();
    return { file: this.#file, offsetBytes: this.#written + waitingSizeBytes };
  }

  /** True when more waits for the disk than may. */
  get backlogged(): boolean {
    return this.#waitingSizeBytes > this.#options.settings.waitingSizeBytesMax;
  }

  /** Empties the kernel's outbox into the file, or into memory. True when all is in the file. */
  drain(): boolean {
    for (let part = this.#kernel.outbox(); part.length > 0; part = this.#kernel.outbox()) {
      if (this.#waiting.length > 0 || !this.#tryWrite(part)) {
        this.#waiting.push(part.slice());
        this.#waitingSizeBytes += part.length;
      }
      this.#kernel.outboxWritten(part.length);
    }
    while (this.#waiting[0] !== undefined && this.#tryWrite(this.#waiting[0])) {
      this.#waitingSizeBytes -= this.#waiting.shift()?.length ?? 0;
    }
    if (this.#waiting.length > 0) return false;
    if (this.#written >= this.#options.settings.fileSizeBytesMax) this.#nextFile();
    return true;
  }

  /** True when the chunk's bytes are in its file, so that others can read them there. */
  isInFile(place: ChunkPlace): boolean {
    const end = place.offsetBytes + place.sizeBytes + chunkChecksumSizeBytes;
    return place.file < this.#file || end <= this.#written;
  }

  /** Reads a sealed chunk and checks it; fresh bytes. Throws CorruptionError. */
  read(place: ChunkPlace): Uint8Array {
    const bytes = new Uint8Array(place.sizeBytes + chunkChecksumSizeBytes);
    const inFile =
      place.file < this.#file
        ? bytes.length
        : Math.min(bytes.length, Math.max(0, this.#written - place.offsetBytes));
    if (inFile > 0) this.#reader(place.file).read(bytes.subarray(0, inFile), place.offsetBytes);
    if (inFile < bytes.length)
      this.#copyWaiting(bytes.subarray(inFile), place.offsetBytes + inFile);
    return checkedChunk(bytes, this.#path(place.file), place.offsetBytes);
  }

  /** Makes everything in the files survive a loss of power. False when some bytes still wait. */
  async sync(syncer: Syncer): Promise<boolean> {
    if (!this.drain()) return false;
    const files = [...this.#unsynced];
    if (this.#writer !== undefined) files.push(this.#writer);
    for (const file of files) await syncer.sync(file);
    for (const file of files) {
      if (file === this.#writer) continue;
      this.#unsynced.delete(file);
      file.close();
    }
    if (!this.#namesSynced) await syncer.syncDirectory(this.#options.directory);
    this.#namesSynced = true;
    return true;
  }

  /** Removes the files below a number: nothing refers to them any more. */
  removeBefore(file: number): void {
    const { vfs, directory } = this.#options;
    for (const name of vfs.list(directory)) {
      const number = chunksFileNumber(name);
      if (number === undefined || number >= Math.min(file, this.#file)) continue;
      this.#readers.get(number)?.close();
      this.#readers.delete(number);
      vfs.remove(`${directory}/${name}`);
    }
  }

  /** Closes the files; what waits in memory is in the log as samples. */
  close(): void {
    for (const file of [...this.#readers.values(), ...this.#unsynced]) file.close();
    this.#writer?.close();
    this.#readers.clear();
    this.#unsynced.clear();
    this.#writer = undefined;
  }

  #path(file: number): string {
    return `${this.#options.directory}/${chunksFileName(file)}`;
  }

  #reader(file: number): VfsFile {
    let reader = this.#readers.get(file);
    if (reader === undefined) {
      reader = this.#options.vfs.open(this.#path(file), "read");
      this.#readers.set(file, reader);
    }
    return reader;
  }

  #copyWaiting(target: Uint8Array, offsetBytes: number): void {
    let start = this.#written;
    for (const part of this.#waiting) {
      const from = Math.max(0, offsetBytes - start);
      const to = Math.min(part.length, offsetBytes + target.length - start);
      if (from < to) target.set(part.subarray(from, to), start + from - offsetBytes);
      start += part.length;
    }
  }

  #tryWrite(bytes: Uint8Array): boolean {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#failedAtMs !== undefined && nowMs - this.#failedAtMs < retryIntervalMs) return false;
    try {
      writeAll(this.#openWriter(), bytes, this.#written);
      this.#written += bytes.length;
      this.#failedAtMs = undefined;
      return true;
    } catch (error) {
      if (this.#failedAtMs === undefined) {
        logger.error("the chunks file cannot be written", { error: errorText(error) });
      }
      this.#failedAtMs = nowMs;
      return false;
    }
  }

  #openWriter(): VfsFile {
    if (this.#writer !== undefined) return this.#writer;
    const writer = this.#options.vfs.open(this.#path(this.#file), "create");
    this.#namesSynced = false;
    try {
      const header = new DataView(new ArrayBuffer(chunksHeaderSizeBytes));
      header.setUint32(0, magic, true);
      header.setUint32(4, formatVersion, true);
      writeAll(writer, new Uint8Array(header.buffer), 0);
    } catch (error) {
      writer.close();
      throw error;
    }
    this.#writer = writer;
    return writer;
  }

  #nextFile(): void {
    if (this.#writer !== undefined) this.#unsynced.add(this.#writer);
    this.#writer = undefined;
    this.#file++;
    this.#written = chunksHeaderSizeBytes;
    this.#kernel.setChunksPosition({ file: this.#file, offsetBytes: chunksHeaderSizeBytes });
  }
}

/** The chunk of bytes that end with its checksum. Throws CorruptionError when they do not fit. */
export function checkedChunk(bytes: Uint8Array, file: string, offsetBytes: number): Uint8Array {
  const chunk = bytes.subarray(0, bytes.length - chunkChecksumSizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expected = view.getUint32(chunk.length, true);
  const actual = crc32c(chunk);
  if (actual !== expected) {
    throw new CorruptionError(
      { file, offsetBytes },
      `the chunk's crc32c is ${actual}, expected ${expected}`,
    );
  }
  return chunk;
}
