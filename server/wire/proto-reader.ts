import { CorruptionError } from "../platform/base/index.ts";
import { badVarint, type ByteCursor, readInt64, readUvarint } from "../platform/encoding/index.ts";

/**
 * Reading protobuf fields by hand. Everything throws CorruptionError when the bytes end too
 * soon; `what` names the message for people.
 */

/** Wire types of protobuf; groups are not among them. */
const wireTypes: {
  readonly varint: 0;
  readonly fixed64: 1;
  readonly sized: 2;
  readonly fixed32: 5;
} = { varint: 0, fixed64: 1, sized: 2, fixed32: 5 };

/** Error for bytes that are not the message they should be. */
export function malformed(cursor: ByteCursor, what: string): CorruptionError {
  return new CorruptionError({ file: what, offsetBytes: cursor.position }, "is malformed here");
}

/** Reads an unsigned varint: a tag, a length, an enum. */
export function uvarint(cursor: ByteCursor, what: string): number {
  const value = readUvarint(cursor);
  if (value === badVarint) throw malformed(cursor, what);
  return value;
}

/** Reads an int64. */
export function int64(cursor: ByteCursor, what: string): number {
  const value = readInt64(cursor);
  if (value === undefined) throw malformed(cursor, what);
  return value;
}

/** Reads the length of a sized field and returns the position of its end. */
export function sizedEnd(cursor: ByteCursor, what: string): number {
  const end = uvarint(cursor, what) + cursor.position;
  if (end > cursor.end) throw malformed(cursor, what);
  return end;
}

/** Passes over a field of any number that we do not know. */
export function skipField(cursor: ByteCursor, tag: number, what: string): void {
  const type = tag & 7;
  if (type === wireTypes.varint) uvarint(cursor, what);
  else if (type === wireTypes.sized) cursor.position = sizedEnd(cursor, what);
  else if (type === wireTypes.fixed64) cursor.position += 8;
  else if (type === wireTypes.fixed32) cursor.position += 4;
  else throw malformed(cursor, what);
  if (cursor.position > cursor.end) throw malformed(cursor, what);
}
