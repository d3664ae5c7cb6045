/**
 * Protobuf and Go varints over byte arrays, with positions carried by small cursor objects so
 * that a loop allocates nothing. Numbers are JavaScript numbers: integers are exact up to 2^53.
 */

/** Where the next byte is read from; `end` is the first byte that is not ours. */
export interface ByteCursor {
  bytes: Uint8Array;
  position: number;
  end: number;
}

/** Bytes that a number needs as an unsigned varint; `value` is an integer in [0, 2^53]. */
export function uvarintSizeBytes(value: number): number {
  let size = 1;
  let rest = value;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    size++;
  }
  return size;
}

/** Writes an unsigned varint at `position` and returns the position after it. */
export function writeUvarint(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest > 0x7fff_ffff) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/**
 * Bytes of an int64 as protobuf writes it: ten for every negative number. `value` is an
 * integer of magnitude up to 2^53.
 */
export function int64SizeBytes(value: number): number {
  return value < 0 ? 10 : uvarintSizeBytes(value);
}

/** Writes a protobuf int64 at `position` and returns the position after it. */
export function writeInt64(bytes: Uint8Array, position: number, value: number): number {
  if (value >= 0) return writeUvarint(bytes, position, value);
  // Two's complement: -v is ~(v - 1), seven bits at a time; the tenth byte holds bit 63.
  let rest = -value - 1;
  let at = position;
  for (let i = 0; i < 9; i++) {
    bytes[at++] = (~(rest % 0x80) & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = 1;
  return at;
}

/** The number that a varint longer than the bytes, or over ten bytes, reads as. */
export const badVarint = -1;

/**
 * Reads an unsigned varint and moves the cursor. Returns `badVarint` when it does not end
 * within the bytes or within ten of them. Values over 2^53 come rounded.
 */
export function readUvarint(cursor: ByteCursor): number {
  const { bytes, end } = cursor;
  let at = cursor.position;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10 && at < end; i++) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      cursor.position = at;
      return value;
    }
    scale *= 0x80;
  }
  return badVarint;
}

/**
 * Reads a protobuf int64 and moves the cursor. Returns undefined when it does not end within
 * the bytes. Exact for magnitudes up to 2^53.
 */
export function readInt64(cursor: ByteCursor): number | undefined {
  const { bytes, end } = cursor;
  let at = cursor.position;
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70 && at < end; shift += 7) {
    const byte = bytes[at++]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high |= bits >>> 4;
    } else high |= bits << (shift - 32);
    if (byte < 0x80) {
      cursor.position = at;
      return high * 0x1_0000_0000 + (low >>> 0);
    }
  }
  return undefined;
}
