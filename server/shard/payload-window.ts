import { badVarint, type ByteCursor, readUvarint } from "../platform/encoding/index.ts";
import type { PayloadFormat } from "../kernel/index.ts";

/**
 * End of the piece of a payload that begins at `from` and is at most `sizeBytesMax` long where
 * entries allow. Remote write 1.0 is a plain run of entries and may be cut between any two; 2.0
 * is one piece, for its series refer to the symbols before them. What is malformed is left in
 * one piece: the kernel says what is wrong with it.
 */
export function windowEnd(
  format: PayloadFormat,
  payload: Uint8Array,
  window: { readonly from: number; readonly sizeBytesMax: number },
): number {
  if (format === 2 || payload.length - window.from <= window.sizeBytesMax) return payload.length;
  const cursor: ByteCursor = { bytes: payload, position: window.from, end: payload.length };
  let end = window.from;
  while (cursor.position < payload.length) {
    const tag = readUvarint(cursor);
    if (tag === badVarint || (tag & 7) !== 2) return payload.length;
    const sizeBytes = readUvarint(cursor);
    if (sizeBytes === badVarint || sizeBytes > payload.length - cursor.position) {
      return payload.length;
    }
    cursor.position += sizeBytes;
    if (end > window.from && cursor.position - window.from > window.sizeBytesMax) return end;
    end = cursor.position;
  }
  return end;
}
