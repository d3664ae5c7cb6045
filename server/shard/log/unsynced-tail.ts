import { assert } from "../../platform/base/index.ts";

/** Blocks that records are staged in; one holds some hundred batches of a usual size. */
const blockSizeBytes = 1 << 20;
/** Free blocks kept for use again: a fresh one costs more than filling it. */
const freeBlocksMax = 8;

interface Block {
  readonly bytes: Uint8Array;
  readonly startPosition: number;
  used: number;
}

/**
 * The bytes of the log since the last good sync, kept in memory: after a failed fdatasync the
 * page cache may have dropped them, and a read would bring back what the disk had before.
 */
export class UnsyncedTail {
  readonly #blocks: Block[] = [];
  readonly #free: Uint8Array[] = [];
  #position: number;

  constructor(position: number) {
    this.#position = position;
  }

  /** Bytes held. */
  get sizeBytes(): number {
    const first = this.#blocks[0];
    return first === undefined ? 0 : this.#position - first.startPosition;
  }

  /** Room for `sizeBytes` at the tail's end, in one piece; it is part of the tail at once. */
  extend(sizeBytes: number): Uint8Array {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.used + sizeBytes > block.bytes.length) {
      const recycled = sizeBytes <= blockSizeBytes ? this.#free.pop() : undefined;
      const bytes = recycled ?? new Uint8Array(Math.max(sizeBytes, blockSizeBytes));
      block = { bytes, startPosition: this.#position, used: 0 };
      this.#blocks.push(block);
    }
    const room = block.bytes.subarray(block.used, block.used + sizeBytes);
    block.used += sizeBytes;
    this.#position += sizeBytes;
    return room;
  }

  /** Takes back the last `sizeBytes`, which one `extend` gave. */
  shrink(sizeBytes: number): void {
    const block = this.#blocks.at(-1);
    assert(block !== undefined && block.used >= sizeBytes, "shrinking what was not extended");
    block.used -= sizeBytes;
    this.#position -= sizeBytes;
    if (block.used === 0) this.#recycle(this.#blocks.pop());
  }

  /** Forgets what lies wholly before `position`, which is synced. */
  release(position: number): void {
    let first = this.#blocks[0];
    while (first !== undefined && first.startPosition + first.used <= position) {
      this.#recycle(this.#blocks.shift());
      first = this.#blocks[0];
    }
  }

  /** The bytes from `position` on, oldest first. */
  *from(position: number): Generator<Uint8Array> {
    for (const block of this.#blocks) {
      const skip = Math.max(0, position - block.startPosition);
      if (skip < block.used) yield block.bytes.subarray(skip, block.used);
    }
  }

  #recycle(block: Block | undefined): void {
    if (block?.bytes.length === blockSizeBytes && this.#free.length < freeBlocksMax) {
      this.#free.push(block.bytes);
    }
  }
}
