import type { Labels } from "../model/index.ts";
import type { ByteCursor } from "../platform/encoding/index.ts";
import { malformed, sizedEnd, uvarint } from "./proto-reader.ts";

/** Strings of one stream by their numbers; grows frame by frame and never shrinks. */
export interface SymbolTable {
  readonly strings: string[];
}

// A byte order mark is part of a label like any other character, and a label that is not
// UTF-8 must not turn into another one silently.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads one string field and appends it to the table. */
export function readSymbol(cursor: ByteCursor, table: SymbolTable, what: string): void {
  const end = sizedEnd(cursor, what);
  try {
    table.strings.push(utf8.decode(cursor.bytes.subarray(cursor.position, end)));
  } catch {
    throw malformed(cursor, what);
  }
  cursor.position = end;
}

/** Reads packed label refs and appends name and value of each pair to `labels`. */
export function readLabelRefs(
  cursor: ByteCursor,
  table: SymbolTable,
  into: { readonly labels: string[]; readonly what: string },
): void {
  const end = sizedEnd(cursor, into.what);
  while (cursor.position < end) {
    const text = table.strings[uvarint(cursor, into.what)];
    if (text === undefined) throw malformed(cursor, into.what);
    into.labels.push(text);
  }
  if (cursor.position !== end) throw malformed(cursor, into.what);
}

/** Labels of refs in a message object: used where frames are small. Throws on a bad ref. */
export function labelsOfRefs(table: SymbolTable, refs: readonly number[]): Labels {
  return refs.map((ref) => {
    const text = table.strings[ref];
    if (text !== undefined) return text;
    const cursor = { bytes: new Uint8Array(0), position: 0, end: 0 };
    throw malformed(cursor, `symbol ${ref} of ${table.strings.length}`);
  });
}
