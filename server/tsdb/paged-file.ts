import { LRUCache } from "lru-cache";
import { CorruptionError } from "../platform/base/index.ts";
import type { Vfs, VfsFile } from "../platform/vfs/index.ts";

/**
 * A file of a block, read in pages: neighbours in a file are asked for together, and a read of
 * 16 KiB costs hardly more than one of 200 bytes. Such files never change, so a page stays right.
 */
export interface PagedFile {
  readonly path: string;
  /** As it was when the file was opened. */
  readonly sizeBytes: number;
  /**
   * Exactly a range of the file: a view of a page where one holds it all, and so not to be
   * changed. A range that the file does not have is a CorruptionError.
   */
  view(offsetBytes: number, sizeBytes: number): Uint8Array;
  close(): void;
}

const pageSizeBytes = 16 * 1024;
/** Readable bytes behind a page, so that decoders need not copy what stands at its end. */
const slackSizeBytes = 32;
/** 4 MiB a file: what one metric has in it, so series may come in any order. */
const pagesMax = 256;

/** Opens a file that exists. */
export function openPaged(vfs: Vfs, path: string): PagedFile {
  const file = vfs.open(path, "read");
  try {
    return new Pages(file, path);
  } catch (error) {
    file.close();
    throw error;
  }
}

class Pages implements PagedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #file: VfsFile;
  readonly #pages = new LRUCache<number, Uint8Array>({ max: pagesMax });
  /** The page asked for last: mostly the one asked for next. */
  #lastNumber = -1;
  #last: Uint8Array = new Uint8Array(0);

  constructor(file: VfsFile, path: string) {
    this.#file = file;
    this.path = path;
    this.sizeBytes = file.sizeBytes();
  }

  view(offsetBytes: number, sizeBytes: number): Uint8Array {
    if (offsetBytes < 0 || sizeBytes < 0 || offsetBytes + sizeBytes > this.sizeBytes) {
      throw this.#corrupt(offsetBytes, `${sizeBytes} bytes wanted, the file is shorter`);
    }
    const from = offsetBytes % pageSizeBytes;
    if (from + sizeBytes <= pageSizeBytes) {
      return this.#page(Math.floor(offsetBytes / pageSizeBytes)).subarray(from, from + sizeBytes);
    }
    const bytes = new Uint8Array(sizeBytes + slackSizeBytes).subarray(0, sizeBytes);
    this.#read(bytes, offsetBytes);
    return bytes;
  }

  close(): void {
    this.#pages.clear();
    this.#file.close();
  }

  #page(number: number): Uint8Array {
    if (number === this.#lastNumber) return this.#last;
    let page = this.#pages.get(number);
    if (page === undefined) {
      const offsetBytes = number * pageSizeBytes;
      page = new Uint8Array(pageSizeBytes + slackSizeBytes);
      const length = Math.min(pageSizeBytes, this.sizeBytes - offsetBytes);
      this.#read(page.subarray(0, length), offsetBytes);
      this.#pages.set(number, page);
    }
    this.#lastNumber = number;
    this.#last = page;
    return page;
  }

  #read(into: Uint8Array, offsetBytes: number): void {
    const got = this.#file.read(into, offsetBytes);
    if (got !== into.length) {
      throw this.#corrupt(offsetBytes, `${got} bytes read of ${into.length}`);
    }
  }

  #corrupt(offsetBytes: number, what: string): CorruptionError {
    return new CorruptionError({ file: this.path, offsetBytes }, what);
  }
}
