import { badVarint, type ByteCursor, readUvarint } from "../platform/encoding/index.ts";

/**
 * Visits the length-delimited fields of a protobuf message with the place of their bytes. Stops
 * where the message is malformed. Payloads come here after the kernel took them, so that means
 * that nothing is lost by stopping.
 */
export function eachField(
  bytes: Uint8Array,
  range: { readonly from: number; readonly to: number },
  visit: (field: number, from: number, to: number) => void,
): void {
  const cursor: ByteCursor = { bytes, position: range.from, end: range.to };
  while (cursor.position < range.to) {
    const tag = readUvarint(cursor);
    if (tag === badVarint) return;
    const wire = tag & 7;
    if (wire === 2) {
      const sizeBytes = readUvarint(cursor);
      const from = cursor.position;
      if (sizeBytes === badVarint || sizeBytes > range.to - from) return;
      visit(tag >>> 3, from, from + sizeBytes);
      cursor.position = from + sizeBytes;
    } else if (wire === 0) {
      if (readUvarint(cursor) === badVarint) return;
    } else if (wire === 1) cursor.position += 8;
    else if (wire === 5) cursor.position += 4;
    else return;
  }
}

/** Value of the first varint field of that number, or 0. */
export function varintField(
  bytes: Uint8Array,
  range: { readonly from: number; readonly to: number },
  field: number,
): number {
  const cursor: ByteCursor = { bytes, position: range.from, end: range.to };
  while (cursor.position < range.to) {
    const tag = readUvarint(cursor);
    if (tag === badVarint) return 0;
    const wire = tag & 7;
    if (wire === 0) {
      const value = readUvarint(cursor);
      if (tag >>> 3 === field || value === badVarint) return Math.max(0, value);
    } else if (wire === 2) {
      const sizeBytes = readUvarint(cursor);
      if (sizeBytes === badVarint) return 0;
      cursor.position += sizeBytes;
    } else if (wire === 1) cursor.position += 8;
    else if (wire === 5) cursor.position += 4;
    else return 0;
  }
  return 0;
}

/** Packed varints of a field. */
export function packedVarints(bytes: Uint8Array, from: number, to: number): number[] {
  const cursor: ByteCursor = { bytes, position: from, end: to };
  const values: number[] = [];
  while (cursor.position < to) {
    const value = readUvarint(cursor);
    if (value === badVarint) break;
    values.push(value);
  }
  return values;
}

/** Where the symbols of a remote write 2.0 payload lie: from and to in turn. */
export function symbolPlaces(payload: Uint8Array): number[] {
  const places: number[] = [];
  eachField(payload, { from: 0, to: payload.length }, (field, from, to) => {
    if (field === 4) places.push(from, to);
  });
  return places;
}

const utf8 = new TextDecoder();

/** Text of some bytes; what is not UTF-8 becomes U+FFFD. */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  return utf8.decode(bytes.subarray(from, to));
}

/** Symbol number `ref` as text; empty when there is none. */
export function symbolAt(payload: Uint8Array, places: readonly number[], ref: number): string {
  const from = places[2 * ref];
  const to = places[2 * ref + 1];
  return from === undefined || to === undefined ? "" : textAt(payload, from, to);
}
