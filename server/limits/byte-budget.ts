import { assert } from "../platform/base/index.ts";

/**
 * Bytes that may be in use at once. Whoever is about to hold bytes reserves them first and
 * gives them back in every case; what does not fit is refused, nobody waits.
 */
export class ByteBudget {
  readonly #sizeBytesMax: number;
  #usedBytes = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get sizeBytesMax(): number {
    return this.#sizeBytesMax;
  }

  /** Reserves bytes, or says false when they are not to be had. */
  reserve(sizeBytes: number): boolean {
    assert(sizeBytes >= 0, "a size is negative");
    if (this.#usedBytes + sizeBytes > this.#sizeBytesMax) return false;
    this.#usedBytes += sizeBytes;
    return true;
  }

  /** Gives reserved bytes back. */
  release(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
    assert(this.#usedBytes >= 0, "more bytes were given back than reserved");
  }
}
