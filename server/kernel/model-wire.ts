/** Fields of protobuf messages for the kernel's twin: slow, allocating, and obviously right. */

/** A field of a message. */
export interface Field {
  readonly number: number;
  readonly type: number;
  readonly offsetBytes: number;
  /** The value of a varint. */
  readonly value: bigint;
  /** The bytes of any other value. */
  readonly bytes: Uint8Array;
  /** Varints that are packed into the bytes. */
  varints(): bigint[];
}

const varintType = 0;
const bytesType = 2;

/** A message is not what it says. */
export class MalformedPayload extends Error {}

/** Reads a varint; `next` is the place behind it. */
export function readVarint(bytes: Uint8Array, from: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw new MalformedPayload("a varint is cut off");
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) {
      if (value >= 1n << 64n) throw new MalformedPayload("a varint has more than 64 bits");
      return { value, next: from + i + 1 };
    }
  }
  throw new MalformedPayload("a varint is too long");
}

/** All fields of a message in order. */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    if (tag.value > 0xffff_ffffn || tag.value < 8n) throw new MalformedPayload("a bad tag");
    const type = Number(tag.value & 7n);
    let from = tag.next;
    let size: number;
    let value = 0n;
    if (type === varintType) {
      const read = readVarint(bytes, from);
      value = read.value;
      size = read.next - from;
    } else if (type === bytesType) {
      const read = readVarint(bytes, from);
      from = read.next;
      if (read.value > BigInt(bytes.length - from)) throw new MalformedPayload("a field is cut");
      size = Number(read.value);
    } else {
      size = type === 1 ? 8 : type === 5 ? 4 : -1;
      if (size < 0 || size > bytes.length - from) throw new MalformedPayload("a bad field");
    }
    const number = Number(tag.value >> 3n);
    const body = bytes.subarray(from, from + size);
    const varints = (): bigint[] => unpack(body);
    fields.push({ number, type, offsetBytes: at, value, bytes: body, varints });
    at = from + size;
  }
  return fields;
}

function unpack(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = readVarint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}
