/** A growing buffer with the few protobuf forms that remote write needs. */
export class ByteWriter {
  #bytes: Buffer;
  position = 0;

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes);
  }

  #reserve(sizeBytes: number): void {
    if (this.position + sizeBytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.position + sizeBytes));
    this.#bytes.copy(grown, 0, 0, this.position);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.position++] = value;
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Writes a length-delimited field. */
  field(number: number, bytes: Uint8Array): void {
    this.varint(number * 8 + 2);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  zeros(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(0, this.position, this.position + count);
    this.position += count;
  }

  /** What was written; a view, valid until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.position);
  }
}
