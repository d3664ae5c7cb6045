import { PromqlError, sizeBytes } from "./error.ts";

/** A query text together with the byte offset of each of its UTF-16 units. */
export interface Source {
  readonly text: string;
  /** UTF-8 byte offset of a UTF-16 index, the end of the text included. */
  readonly byteAt: (index: number) => number;
}

const notAscii = /[^\p{ASCII}]/u;

/** Takes a text in; a text longer than `textBytesMax` bytes is refused before any other work. */
export function openSource(text: string, textBytesMax: number): Source {
  if (text.length > textBytesMax) throw tooLong(textBytesMax);
  if (!notAscii.test(text)) return { text, byteAt: (index) => index };
  const offsets = byteOffsets(text);
  if ((offsets[text.length] ?? 0) > textBytesMax) throw tooLong(textBytesMax);
  return { text, byteAt: (index) => offsets[index] ?? 0 };
}

function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1);
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    offsets[i] = bytes;
    const code = text.codePointAt(i) as number;
    bytes += sizeBytes(code);
    if (code > 0xffff) offsets[++i] = bytes;
  }
  offsets[text.length] = bytes;
  return offsets;
}

function tooLong(textBytesMax: number): PromqlError {
  return new PromqlError({
    kind: "limit",
    query: "",
    position: { start: 0, end: 0 },
    reason: `expression is longer than ${textBytesMax} bytes`,
  });
}
