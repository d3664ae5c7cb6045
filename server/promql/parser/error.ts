import type { Position } from "./ast.ts";

/** What is wrong with a query: its grammar, the types of its parts, or its size. */
export type PromqlErrorKind = "syntax" | "type" | "limit";

/** Where and why a query was refused. */
export interface PromqlFault {
  readonly kind: PromqlErrorKind;
  readonly query: string;
  readonly position: Position;
  /** The text after `parse error: `. */
  readonly reason: string;
}

/**
 * A query that cannot be used. `message` reads as Prometheus writes it:
 * `line:column: parse error: reason`, lines and columns from 1, columns counted in bytes.
 */
export class PromqlError extends Error {
  override readonly name = "PromqlError";
  readonly kind: PromqlErrorKind;
  readonly position: Position;
  /** The text after `parse error: `. */
  readonly reason: string;
  readonly line: number;
  readonly column: number;

  constructor(fault: PromqlFault) {
    const { line, column } = lineColumn(fault.query, fault.position.start);
    const place = fault.query === "" ? "unknown position" : `${line}:${column}`;
    super(`${place}: parse error: ${fault.reason}`);
    this.kind = fault.kind;
    this.position = fault.position;
    this.reason = fault.reason;
    this.line = line;
    this.column = column;
  }
}

/** A place in a text for people: both from 1, the column in bytes. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Line and column of a byte offset, as Prometheus counts them. */
export function lineColumn(text: string, offsetBytes: number): LineColumn {
  let line = 1;
  let bytes = 0;
  let lineStartBytes = 0;
  for (const char of text) {
    if (bytes >= offsetBytes) break;
    bytes += sizeBytes(char.codePointAt(0) as number);
    if (char === "\n") {
      line++;
      lineStartBytes = bytes;
    }
  }
  return { line, column: offsetBytes - lineStartBytes + 1 };
}

/** Bytes of a code point in UTF-8; a lone surrogate counts as the replacement character. */
export function sizeBytes(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
