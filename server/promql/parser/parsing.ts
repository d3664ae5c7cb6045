import type { Position } from "./ast.ts";
import { PromqlError, type PromqlErrorKind } from "./error.ts";
import { Lexer } from "./lexer.ts";
import { defaultParseOptions, type ParseOptions } from "./options.ts";
import { openSource, type Source } from "./source.ts";
import { describeToken, type Token, type TokenKind } from "./token.ts";

/** A place whose faults are reported in its own words, whatever is nested in it. */
export interface Region {
  readonly in: string;
  readonly expected: string;
}

/**
 * One run of the parser over one text: the token ahead, the regions around it, and the bounds.
 * The token ahead is read only when looked at, so that the first fault of a text is the one
 * that is reported.
 */
export class Parsing {
  readonly options: Required<ParseOptions>;
  readonly source: Source;
  readonly lexer: Lexer;
  /** Height of the tree that the last parse function returned. */
  height = 0;
  /** Byte offset of the end of the token that was taken last. */
  end = 0;
  #ahead: Token | undefined;
  #regions: Region[] = [];
  #nesting = 0;
  #nodes = 0;
  #patterns = 0;

  constructor(text: string, options: ParseOptions) {
    this.options = { ...defaultParseOptions, ...options };
    this.source = openSource(text, this.options.textBytesMax);
    this.lexer = new Lexer(this.source);
  }

  /** Kind of the token ahead. */
  kind(): TokenKind {
    return this.peek().kind;
  }

  /** The token ahead. */
  peek(): Token {
    this.#ahead ??= this.lexer.next();
    return this.#ahead;
  }

  /** Takes the token ahead. */
  take(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    this.end = token.end;
    return token;
  }

  /** Takes the token ahead when it is of this kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.kind() === kind ? this.take() : undefined;
  }

  /** Takes the token ahead, which must be of this kind. */
  expect(kind: TokenKind): Token {
    return this.accept(kind) ?? this.unexpected();
  }

  /** Does `work` with faults reported as those of `region`. */
  within<T>(region: Region, work: () => T): T {
    this.#regions.push(region);
    const result = work();
    this.#regions.pop();
    return result;
  }

  /** Does `work` one level deeper. */
  nested<T>(work: () => T): T {
    this.#nesting++;
    if (this.#nesting > this.options.nestingMax) {
      this.#refuse(`expression is nested deeper than ${this.options.nestingMax} levels`);
    }
    const result = work();
    this.#nesting--;
    return result;
  }

  /** Counts a node that stands on trees of at most `below` height, and is the last one made. */
  grow(below: number): void {
    this.height = below + 1;
    if (this.height > this.options.heightMax) {
      this.#refuse(`expression has more than ${this.options.heightMax} operations in a row`);
    }
    this.count();
  }

  /** Counts a node. */
  count(): void {
    this.#nodes++;
    if (this.#nodes > this.options.nodesMax) {
      this.#refuse(`expression has more than ${this.options.nodesMax} parts`);
    }
  }

  /** Counts a pattern that has to be compiled. */
  countPattern(): void {
    this.#patterns++;
    if (this.#patterns > this.options.patternsMax) {
      this.#refuse(`expression has more than ${this.options.patternsMax} regular expressions`);
    }
  }

  #refuse(reason: string): never {
    const { start } = this.peek();
    this.fail({ start, end: start }, reason, "limit");
  }

  /** Refuses the token ahead, in the words of the region around it unless others are given. */
  unexpected(region: Region | undefined = this.#regions.at(-1)): never {
    const token = this.peek();
    let reason = `unexpected ${describeToken(token)}`;
    if (region !== undefined) reason += ` in ${region.in}`;
    if (region !== undefined && region.expected !== "") reason += `, expected ${region.expected}`;
    return this.fail(token, reason);
  }

  /** Refuses the text because of what stands at `position`. */
  fail(position: Position, reason: string, kind: PromqlErrorKind = "syntax"): never {
    throw new PromqlError({
      kind,
      query: this.source.text,
      position: { start: position.start, end: position.end },
      reason,
    });
  }
}
