import { unicodeName } from "./go-text.ts";

/** End of what was read; when it is not complete, the end is where the fault was seen. */
export interface Scanned {
  readonly end: number;
  readonly complete: boolean;
}

const decimal = /^[0-9]$/;
const hexadecimal = /^[0-9a-fA-F]$/;
const letterOrDigit = /^[a-zA-Z0-9_]$/;

/**
 * Reads a number from `start`: digits with a dot, an exponent and underscores between them, or
 * hexadecimal. It may still be no number that can be read, such as `0x`.
 */
export function scanNumber(text: string, start: number): Scanned {
  let at = start;
  let digit = decimal;
  if (text[at] === "0") {
    at++;
    if (text[at] === "x" || text[at] === "X") {
      at++;
      if (text[at] === "_") at++;
      digit = hexadecimal;
    }
  }
  if (text[at] === ".") at++;
  if (digit.test(text.charAt(at))) at++;
  const body = scanBody(text, at, digit);
  if (!body.complete || body.end === start) return { end: body.end, complete: false };
  return { end: body.end, complete: !letterOrDigit.test(text.charAt(body.end)) };
}

function scanBody(text: string, start: number, digit: RegExp): Scanned {
  let at = start;
  let dotSeen = false;
  let exponentSeen = false;
  for (;;) {
    const char = text.charAt(at);
    if (char === ".") {
      at++;
      if (dotSeen) return { end: at, complete: false };
      dotSeen = true;
      if (isOneOf(text.charAt(at), "_.")) return { end: at + 1, complete: false };
      if (digit === hexadecimal) return { end: at, complete: false };
    } else if (isOneOf(char, "eE")) {
      at++;
      if (exponentSeen) return { end: at, complete: false };
      exponentSeen = true;
      if (isOneOf(text.charAt(at), "+-")) at++;
      if (isOneOf(text.charAt(at), "._eE")) return { end: at + 1, complete: false };
      if (at >= text.length) return { end: at, complete: false };
    } else if (char === "_") {
      at++;
      if (isOneOf(text.charAt(at), "._eE")) return { end: at + 1, complete: false };
      if (at >= text.length) return { end: at, complete: false };
    } else if (digit.test(char)) {
      while (digit.test(text.charAt(at))) at++;
    } else {
      return { end: at, complete: true };
    }
  }
}

/** Reads what makes the number that ends at `start` a duration: `m`, `h30m`, `ms`. */
export function scanDurationTail(text: string, start: number): Scanned {
  let at = start;
  if (!isOneOf(text.charAt(at), "smhdwy")) return { end: at, complete: false };
  at++;
  if (text[at] === "s") at++;
  while (decimal.test(text.charAt(at))) {
    while (decimal.test(text.charAt(at))) at++;
    if (!isOneOf(text.charAt(at), "smhdw")) return { end: at, complete: false };
    at++;
    if (text[at] === "s") at++;
  }
  if (letterOrDigit.test(text.charAt(at))) return { end: at + 1, complete: false };
  return { end: at, complete: true };
}

function isOneOf(char: string, set: string): boolean {
  return char !== "" && set.includes(char);
}

/** End of a string literal, right after its closing quote, or what is wrong with it. */
export type ScannedString =
  | { readonly end: number; readonly fault: undefined }
  | { readonly end: number; readonly fault: string };

/** Reads a string literal; `start` is right after its opening quote. */
export function scanString(text: string, start: number, quote: string): ScannedString {
  const raw = quote === "`";
  for (let at = start; ; ) {
    const code = text.codePointAt(at);
    if (code === undefined || (code === 10 && !raw)) {
      return { end: at, fault: `unterminated ${raw ? "raw" : "quoted"} string` };
    }
    if (code === 0xfffd || (code >= 0xd800 && code <= 0xdfff)) {
      return { end: at, fault: "invalid UTF-8 rune" };
    }
    at += code > 0xffff ? 2 : 1;
    const char = String.fromCodePoint(code);
    if (char === quote) return { end: at, fault: undefined };
    if (char !== "\\" || raw) continue;
    const escape = scanEscape(text, at, quote);
    if (escape.fault !== undefined) return escape;
    at = escape.end;
  }
}

interface EscapeForm {
  readonly digits: number;
  readonly base: number;
  readonly max: number;
}

function escapeForm(char: string): EscapeForm | undefined {
  if (char >= "0" && char <= "7") return { digits: 3, base: 8, max: 255 };
  if (char === "x") return { digits: 2, base: 16, max: 255 };
  if (char === "u") return { digits: 4, base: 16, max: 0x10ffff };
  if (char === "U") return { digits: 8, base: 16, max: 0x10ffff };
  return undefined;
}

/** Reads what follows a backslash. */
function scanEscape(text: string, start: number, quote: string): ScannedString {
  const char = charAt(text, start);
  if (char === "") return { end: start, fault: "escape sequence not terminated" };
  if (char === quote || "abfnrtv\\".includes(char)) return { end: start + 1, fault: undefined };
  const form = escapeForm(char);
  if (form === undefined) {
    return { end: start, fault: `unknown escape sequence ${unicodeName(char)}` };
  }
  const first = form.base === 8 ? start : start + 1;
  let value = 0;
  for (let at = first; at < first + form.digits; at++) {
    const digit = charAt(text, at);
    if (digit === "") return { end: at, fault: "escape sequence not terminated" };
    const digitValue = /^[0-9a-fA-F]$/.test(digit) ? Number.parseInt(digit, 16) : 16;
    if (digitValue >= form.base) {
      return { end: at, fault: `illegal character ${unicodeName(digit)} in escape sequence` };
    }
    value = value * form.base + digitValue;
  }
  if (value > form.max || (value >= 0xd800 && value < 0xe000)) {
    return { end: first, fault: "escape sequence is an invalid Unicode code point" };
  }
  return { end: first + form.digits, fault: undefined };
}

function charAt(text: string, index: number): string {
  const code = text.codePointAt(index);
  return code === undefined ? "" : String.fromCodePoint(code);
}
