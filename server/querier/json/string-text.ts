/** JSON strings as Go writes them, which differs by who writes. */

const backslash = 0x5c;
const quote = 0x22;
/** The most bytes that one UTF-16 unit becomes: \u0001 and its like. */
export const stringBytesPerUnitMax = 6;
const utf8 = new TextEncoder();

/** Characters that end the fast path: controls, quote, backslash, all beyond ASCII. */
const isPlain: Uint8Array = Uint8Array.from({ length: 128 }, (_, unit) =>
  unit >= 0x20 && unit !== quote && unit !== backslash ? 1 : 0,
);

/**
 * Writes a label name or value in quotes, as Prometheus's API does: only what JSON demands is
 * escaped, of the controls \n, \r and \t by letter and the others by number. The caller has
 * made room for `2 + stringBytesPerUnitMax * text.length` bytes. Returns the position behind.
 */
export function writeString(bytes: Uint8Array, position: number, text: string): number {
  let at = position;
  bytes[at++] = quote;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 128 || isPlain[unit] === 0) {
      at += utf8.encodeInto(escaped(text.slice(i)), bytes.subarray(at)).written;
      break;
    }
    bytes[at++] = unit;
  }
  bytes[at++] = quote;
  return at;
}

function escaped(text: string): string {
  let out = "";
  for (const character of text) out += escapedCharacter(character);
  return out;
}

function escapedCharacter(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character >= " ") return character;
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A string result or a warning in quotes: these go through Go's encoding/json, which also
 * escapes what HTML and JavaScript would trip over, and knows \b and \f.
 */
export function htmlSafeText(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
