import { uvarintSizeBytes, writeUvarint } from "../platform/encoding/index.ts";
import { type GrowingBytes, reserveBytes } from "./growing-bytes.ts";

/** The tag of a string in a field with this number, up to 15. */
export function symbolTagOf(field: number): number {
  return (field << 3) | 2;
}

/** Symbols are field 1 in every frame. */
const frameSymbolTag = symbolTagOf(1);
/** The most bytes that one UTF-16 unit becomes in UTF-8. */
const utf8BytesPerUnitMax = 3;
const utf8 = new TextEncoder();

/** A label pair with a number that is the same whenever the pair is the same. */
export interface FramePair {
  readonly pairId: number;
  readonly name: string;
  readonly value: string;
}

/** Numbers strings and writes each once, as a field of a message. */
export interface SymbolWriter {
  /** Number of the string; the first time, its bytes are appended to `out`. */
  readonly refOf: (text: string) => number;
  /** Strings numbered so far. */
  readonly count: () => number;
  /** Symbols not sent yet. The caller empties it when it has sent them. */
  readonly out: GrowingBytes;
}

/** Starts an empty symbol table. */
export function createSymbolWriter(
  sizeBytesFirst: number,
  tag: number = frameSymbolTag,
): SymbolWriter {
  const refs = new Map<string, number>();
  const out: GrowingBytes = { bytes: new Uint8Array(sizeBytesFirst), length: 0 };
  const refOf = (text: string): number => {
    const known = refs.get(text);
    if (known !== undefined) return known;
    const ref = refs.size;
    refs.set(text, ref);
    appendString(out, text, tag);
    return ref;
  };
  return { refOf, count: () => refs.size, out };
}

function appendString(out: GrowingBytes, text: string, tag: number): void {
  const sizeMax = text.length * utf8BytesPerUnitMax;
  reserveBytes(out, 1 + uvarintSizeBytes(sizeMax) + sizeMax);
  const { bytes } = out;
  bytes[out.length] = tag;
  // The length stands in front: written behind the widest possible one, then moved up to it.
  const guess = out.length + 1 + uvarintSizeBytes(sizeMax);
  const { written } = utf8.encodeInto(text, bytes.subarray(guess));
  const at = writeUvarint(bytes, out.length + 1, written);
  if (at !== guess) bytes.copyWithin(at, guess, guess + written);
  out.length = at + written;
}
