import { CorruptionError } from "../../platform/base/index.ts";

/**
 * Bytes that can be read behind a chunk. A float sample takes up to 21 bytes and its start time
 * 9 more, windows reach 8 bytes further, and the end is checked once a sample only.
 */
const slackSizeBytes = 48;

/** Over the bytes of one chunk after the other; a view lasts as long as their buffer does. */
export class ChunkView {
  /** Over the whole buffer that the chunk lies in: chunks come many to a buffer. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the chunk begins in it. */
  base = 0;
  #scratch = new Uint8Array(1024);

  /**
   * Points to a chunk, which is copied when too little lies behind it to be read. Throws
   * CorruptionError when it is longer than `sizeBytesMax`.
   */
  open(bytes: Uint8Array, sizeBytesMax: number): void {
    if (bytes.length > sizeBytesMax) throw corruptChunk(0, "is longer than any chunk can be");
    const readable = this.#withSlack(bytes);
    if (readable.buffer !== this.view.buffer) this.view = new DataView(readable.buffer);
    this.base = readable.byteOffset;
  }

  #withSlack(bytes: Uint8Array): Uint8Array {
    const behind = bytes.buffer.byteLength - bytes.byteOffset - bytes.length;
    if (behind >= slackSizeBytes) return bytes;
    if (this.#scratch.length < bytes.length + slackSizeBytes) {
      this.#scratch = new Uint8Array(2 * (bytes.length + slackSizeBytes));
    }
    this.#scratch.set(bytes);
    return this.#scratch;
  }
}

/** The error for a chunk that is not what its encoding says. */
export function corruptChunk(offsetBytes: number, what: string): CorruptionError {
  return new CorruptionError({ file: "chunk", offsetBytes }, what);
}

/** 32 bits from any bit on, as a signed number. */
export function read32(view: DataView, base: number, bit: number): number {
  const at = base + (bit >>> 3);
  const shift = bit & 7;
  return (view.getUint32(at) << shift) | (view.getUint8(at + 4) >>> (8 - shift));
}

/** Bytes of the varint at `at`; a varint that does not end counts as ten. */
export function varintSizeBytes(view: DataView, at: number): number {
  let size = 1;
  while (size < 10 && view.getUint8(at + size - 1) >= 0x80) size++;
  return size;
}

/** The varint's number, rounded above 2^53. */
export function varintValue(view: DataView, at: number, sizeBytes: number): number {
  let value = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) value = value * 0x80 + (view.getUint8(at + i) & 0x7f);
  return value;
}

/** The signed number that a zigzag varint stands for. */
export function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
