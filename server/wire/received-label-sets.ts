import type { Labels } from "../model/index.ts";
import type { ByteCursor } from "../platform/encoding/index.ts";
import { malformed, sizedEnd, skipField, uvarint } from "./proto-reader.ts";
import { readLabelRefs, readSymbol, type SymbolTable } from "./symbol-table.ts";

/**
 * The label sets that one sender has told of one tenant's series. Several answers may be read
 * at once: each tells what its asker did not know, so some of it comes twice and says the same.
 */
export class ReceivedLabelSets {
  #held: Held = { epoch: 0, table: { strings: [] }, sets: [] };

  /** Readies for the answer to one request; it keeps its label sets whatever others bring. */
  open(): LabelSetReader {
    let held = this.#held;
    return {
      known: { epoch: BigInt(held.epoch), sets: held.sets.length },
      read: (cursor) => {
        const epoch = readEpoch(cursor);
        if (held.epoch !== epoch) {
          if (this.#held.epoch !== epoch) {
            this.#held = { epoch, table: { strings: [] }, sets: [] };
          }
          held = this.#held;
        }
        readSets(cursor, held);
      },
      labelsOf: (number) => held.sets[number - 1],
    };
  }
}

/** The label sets of one answer. */
export interface LabelSetReader {
  /** What is held already, for the request. */
  readonly known: { readonly epoch: bigint; readonly sets: number };
  /** Reads a LabelSets message in front of which the cursor stands; it moves to the end. */
  read(cursor: ByteCursor): void;
  /** The labels of a number; undefined when nobody told of it. */
  labelsOf(number: number): Labels | undefined;
}

interface Held {
  readonly epoch: number;
  readonly table: SymbolTable;
  readonly sets: Labels[];
}

const what = "label sets";
const tags = {
  epoch: 0x08,
  setsBefore: 0x10,
  symbolsBefore: 0x18,
  symbol: 0x22,
  set: 0x2a,
} as const;
const setLabelRefsTag = 0x0a;

function readEpoch(cursor: ByteCursor): number {
  if (uvarint(cursor, what) !== tags.epoch) throw malformed(cursor, what);
  const epoch = uvarint(cursor, what);
  if (epoch === 0) throw malformed(cursor, what);
  return epoch;
}

/** Reads what follows the epoch. The sender writes fields in this order only. */
function readSets(cursor: ByteCursor, held: Held): void {
  const { table, sets } = held;
  let symbols = 0;
  let next = 0;
  while (cursor.position < cursor.end) {
    const tag = uvarint(cursor, what);
    if (tag === tags.symbolsBefore) symbols = before(cursor, table.strings.length);
    else if (tag === tags.setsBefore) next = before(cursor, sets.length);
    else if (tag === tags.symbol) {
      if (symbols++ < table.strings.length) cursor.position = sizedEnd(cursor, what);
      else readSymbol(cursor, table, what);
    } else if (tag === tags.set) {
      if (next++ < sets.length) cursor.position = sizedEnd(cursor, what);
      else sets.push(readSet(cursor, table));
    } else skipField(cursor, tag, what);
  }
}

/** A count of what was told earlier; more than is held would leave a gap. */
function before(cursor: ByteCursor, held: number): number {
  const count = uvarint(cursor, what);
  if (count > held) throw malformed(cursor, what);
  return count;
}

function readSet(cursor: ByteCursor, table: SymbolTable): Labels {
  const end = sizedEnd(cursor, what);
  const labels: string[] = [];
  while (cursor.position < end) {
    const tag = uvarint(cursor, what);
    if (tag === setLabelRefsTag) readLabelRefs(cursor, table, { labels, what });
    else skipField(cursor, tag, what);
  }
  if (cursor.position !== end || labels.length % 2 !== 0) throw malformed(cursor, what);
  return labels;
}
