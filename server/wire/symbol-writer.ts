import { uvarintSizeBytes, writeUvarint } from "../platform/encoding/index.ts";
import { type GrowingBytes, reserveBytes } from "./growing-bytes.ts";

/** Symbols are field 1 in every frame: a string. */
const symbolTag = 0x0a;
/** The most bytes that one UTF-16 unit becomes in UTF-8. */
const utf8BytesPerUnitMax = 3;
const utf8 = new TextEncoder();

/** Numbers the strings of one stream and writes each once, as field 1 of a frame. */
export interface SymbolWriter {
  /** Number of the string; the first time, its bytes are appended to `out`. */
  readonly refOf: (text: string) => number;
  /** Symbols not sent yet. The caller empties it when it has sent them. */
  readonly out: GrowingBytes;
}

/** Starts an empty symbol table. */
export function createSymbolWriter(sizeBytesFirst: number): SymbolWriter {
  const refs = new Map<string, number>();
  const out: GrowingBytes = { bytes: new Uint8Array(sizeBytesFirst), length: 0 };
  const refOf = (text: string): number => {
    const known = refs.get(text);
    if (known !== undefined) return known;
    const ref = refs.size;
    refs.set(text, ref);
    appendString(out, text);
    return ref;
  };
  return { refOf, out };
}

function appendString(out: GrowingBytes, text: string): void {
  const sizeMax = text.length * utf8BytesPerUnitMax;
  reserveBytes(out, 1 + uvarintSizeBytes(sizeMax) + sizeMax);
  const { bytes } = out;
  bytes[out.length] = symbolTag;
  // The length stands in front: written behind the widest possible one, then moved up to it.
  const guess = out.length + 1 + uvarintSizeBytes(sizeMax);
  const { written } = utf8.encodeInto(text, bytes.subarray(guess));
  const at = writeUvarint(bytes, out.length + 1, written);
  if (at !== guess) bytes.copyWithin(at, guess, guess + written);
  out.length = at + written;
}
