import { CorruptionError } from "../platform/base/index.ts";
import { badVarint, crc32c, readUvarint } from "../platform/encoding/index.ts";
import type { PagedFile } from "./paged-file.ts";

/**
 * Reads big-endian fields of a piece of a file that was loaded into memory. Trusts nothing:
 * whatever leads past the end throws a CorruptionError that names the file and the byte.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #at: { readonly file: string; readonly offsetBytes: number };
  readonly #cursor: { bytes: Uint8Array; position: number; end: number };

  /** `at` tells where the bytes come from, for messages. */
  constructor(bytes: Uint8Array, at: { file: string; offsetBytes: number }) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
    this.#cursor = { bytes, position: 0, end: bytes.length };
  }

  get position(): number {
    return this.#cursor.position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#cursor.position;
  }

  skip(sizeBytes: number): void {
    this.#take(sizeBytes);
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** An integer; over 2^53 it is refused. */
  u64(): number {
    const high = this.u32();
    const value = high * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw this.fault("a number is too large");
    return value;
  }

  uvarint(): number {
    const value = readUvarint(this.#cursor);
    if (value === badVarint || !Number.isSafeInteger(value)) throw this.fault("a varint is broken");
    return value;
  }

  /** A signed varint as Go writes it. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of the next bytes. */
  bytes(sizeBytes: number): Uint8Array {
    const from = this.#take(sizeBytes);
    return this.#bytes.subarray(from, from + sizeBytes);
  }

  /** The error for what is wrong at the current place. */
  fault(message: string): CorruptionError {
    const offsetBytes = this.#at.offsetBytes + this.#cursor.position;
    return new CorruptionError({ file: this.#at.file, offsetBytes }, message);
  }

  #take(sizeBytes: number): number {
    if (sizeBytes > this.remaining) throw this.fault(`${sizeBytes} bytes wanted, the end is near`);
    const from = this.#cursor.position;
    this.#cursor.position += sizeBytes;
    return from;
  }
}

/** Reads a section that begins with its length as u32 and ends with the crc32c of what is between. */
export function readSection(source: PagedFile, offsetBytes: number): ByteReader {
  const at = { file: source.path, offsetBytes };
  const sizeBytes = new ByteReader(source.view(offsetBytes, 4), at).u32();
  const bytes = source.view(offsetBytes + 4, sizeBytes + 4);
  const content = bytes.subarray(0, sizeBytes);
  const expected = new ByteReader(bytes.subarray(sizeBytes), at).u32();
  if (crc32c(content) !== expected) throw new CorruptionError(at, "the checksum does not match");
  return new ByteReader(content, { file: source.path, offsetBytes: offsetBytes + 4 });
}
