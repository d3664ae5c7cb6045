import { crc32c, writeUvarint } from "../platform/encoding/index.ts";
import { type Vfs, type VfsFile, writeAll } from "../platform/vfs/index.ts";

const bufferSizeBytes = 256 * 1024;

/**
 * Writes one file from front to end through a buffer, big-endian as Prometheus's formats are,
 * and carries a running crc32c of what was written since `startChecksum`. Errors of the disk are
 * thrown by whichever call meets them; the file is then of no use.
 */
export class FileWriter {
  readonly #file: VfsFile;
  readonly #buffer: Uint8Array = new Uint8Array(bufferSizeBytes);
  readonly #view: DataView;
  #used = 0;
  #flushed = 0;
  #checksumFrom = 0;
  #checksum = 0;

  constructor(vfs: Vfs, path: string) {
    this.#file = vfs.open(path, "create");
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Where the next byte will stand. */
  get positionBytes(): number {
    return this.#flushed + this.#used;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#used++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#used, value);
    this.#used += 4;
  }

  /** An integer up to 2^53. */
  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  uvarint(value: number): void {
    this.#reserve(10);
    this.#used = writeUvarint(this.#buffer, this.#used, value);
  }

  /** A signed varint as Go writes it (zigzag); magnitude up to 2^52. */
  varint(value: number): void {
    this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(value: Uint8Array): void {
    if (value.length > this.#buffer.length) {
      this.#flush();
      this.#foldChecksum(value);
      writeAll(this.#file, value, this.#flushed);
      this.#flushed += value.length;
      return;
    }
    this.#reserve(value.length);
    this.#buffer.set(value, this.#used);
    this.#used += value.length;
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  align(alignment: number): void {
    const over = this.positionBytes % alignment;
    for (let i = over === 0 ? alignment : over; i < alignment; i++) this.u8(0);
  }

  /** The checksum begins anew with the next byte. */
  startChecksum(): void {
    this.#checksum = 0;
    this.#checksumFrom = this.#used;
  }

  /** Writes the crc32c of everything since `startChecksum`. */
  writeChecksum(): void {
    this.#foldBuffer();
    this.u32(this.#checksum);
  }

  /** Puts a 32-bit number at a place that was written before. */
  patchU32(positionBytes: number, value: number): void {
    this.#flush();
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    writeAll(this.#file, bytes, positionBytes);
  }

  /** Writes out what is buffered, syncs and closes. */
  finish(): void {
    try {
      this.#flush();
      this.#file.sync();
    } finally {
      this.#file.close();
    }
  }

  /** Closes without a sync: the file will be thrown away. */
  abandon(): void {
    this.#file.close();
  }

  #reserve(sizeBytes: number): void {
    if (this.#used + sizeBytes > this.#buffer.length) this.#flush();
  }

  #flush(): void {
    this.#foldBuffer();
    writeAll(this.#file, this.#buffer.subarray(0, this.#used), this.#flushed);
    this.#flushed += this.#used;
    this.#used = 0;
    this.#checksumFrom = 0;
  }

  #foldBuffer(): void {
    this.#foldChecksum(this.#buffer.subarray(this.#checksumFrom, this.#used));
    this.#checksumFrom = this.#used;
  }

  #foldChecksum(bytes: Uint8Array): void {
    this.#checksum = crc32c(bytes, this.#checksum);
  }
}
