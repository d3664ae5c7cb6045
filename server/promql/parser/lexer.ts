import { PromqlError } from "./error.ts";
import { quoteChar, quoteString } from "./go-text.ts";
import { scanDurationTail, scanNumber, scanString } from "./scan.ts";
import type { Source } from "./source.ts";
import { type Keyword, keywords, type Token, type TokenKind } from "./token.ts";

const space = " \t\n\r";
/** Words that may stand between square brackets. */
const durationWords: ReadonlySet<string> = new Set(["step", "range", "max_of", "min_of"]);
const durationWordStart = /^[srm]$/i;
const letter = /^[a-zA-Z_]$/;
const letterOrDigit = /^[a-zA-Z0-9_]$/;
const digit = /^[0-9]$/;

/**
 * Cuts a query into tokens, one at a time and only when asked, so that a text is never read
 * beyond its first fault. What a character means depends on where it stands: between braces
 * words are label names, right after a bracket a colon is not part of a name.
 */
export class Lexer {
  readonly #source: Source;
  #index = 0;
  #start = 0;
  #parens = 0;
  #inBraces = false;
  #inBrackets = false;
  /** Between `[` and the first number of the range. */
  #inRangeHead = false;
  #colonSeen = false;
  /** Stays set for the rest of the text, as in Prometheus. */
  #numberSeen = false;

  constructor(source: Source) {
    this.#source = source;
  }

  /** UTF-16 index right after the token that was read last. */
  get index(): number {
    return this.#index;
  }

  /** The next token; at the end of the text a token of kind "end", again and again. */
  next(): Token {
    this.#skipBlanks();
    this.#start = this.#index;
    const char = this.#take();
    if (this.#inBraces) return this.#nextInBraces(char);
    if (this.#inRangeHead) return this.#nextInRangeHead(char);
    return this.#nextInExpression(char);
  }

  #nextInExpression(char: string): Token {
    if (char === "") return this.#end();
    if (digit.test(char) || (char === "." && digit.test(this.#peek()))) return this.#number();
    if (char === '"' || char === "'" || char === "`") return this.#string(char);
    if (letter.test(char) || char === ":") {
      return this.#inBrackets ? this.#inBracketTail(char) : this.#word();
    }
    return this.#sign(char) ?? this.#bracket(char) ?? this.#fail(unexpectedChar(char));
  }

  #end(): Token {
    if (this.#parens !== 0) this.#fail("unclosed left parenthesis");
    if (this.#inBrackets) this.#fail("unclosed left bracket");
    return this.#token("end");
  }

  /** Signs that need no state. */
  #sign(char: string): Token | undefined {
    switch (char) {
      case ",":
      case "*":
      case "/":
      case "%":
      case "+":
      case "-":
      case "^":
      case "@":
        return this.#token(char);
      case "=":
        if (this.#accept("=")) return this.#token("==");
        if (this.#peek() === "~") this.#fail(`unexpected character after '=': '~'`);
        return this.#token("=");
      case "!": {
        const after = this.#take();
        if (after !== "=") this.#fail(`unexpected character after '!': ${quoteChar(after)}`);
        return this.#token("!=");
      }
      case "<":
      case ">":
        if (this.#accept("=")) return this.#token(`${char}=`);
        if (this.#accept("/")) return this.#token(`${char}/`);
        return this.#token(char);
      default:
        return undefined;
    }
  }

  #bracket(char: string): Token | undefined {
    switch (char) {
      case "(":
      case ")":
        return this.#paren(char);
      case "{":
        this.#inBraces = true;
        return this.#token(char);
      case "[":
        if (this.#inBrackets) this.#fail(`unexpected left bracket '['`);
        this.#inBrackets = true;
        this.#inRangeHead = true;
        this.#colonSeen = false;
        return this.#token(char);
      case "]":
        if (!this.#inBrackets) this.#fail(`unexpected right bracket ']'`);
        this.#inBrackets = false;
        return this.#token(char);
      default:
        return undefined;
    }
  }

  #paren(char: "(" | ")"): Token {
    const token = this.#token(char);
    this.#parens += char === "(" ? 1 : -1;
    if (this.#parens < 0) {
      this.#start = this.#index;
      this.#fail(`unexpected right parenthesis ')'`);
    }
    return token;
  }

  /** After the first number between brackets, where blanks and comments are free again. */
  #inBracketTail(char: string): Token {
    if (char === ":") {
      if (this.#colonSeen) this.#fail(`unexpected colon ':'`);
      this.#colonSeen = true;
      return this.#token(":");
    }
    return (
      this.#durationWord(char) ??
      this.#fail(`unexpected character: ${quoteChar(char)}, expected ':'`)
    );
  }

  #nextInRangeHead(char: string): Token {
    if (char === "") this.#fail("unexpected end of input in duration expression");
    if (char === "]") {
      this.#inBrackets = false;
      this.#inRangeHead = false;
      return this.#token(char);
    }
    if (char === ":") return this.#colonInRangeHead();
    if (char === "(" || char === ")") return this.#paren(char);
    if ("+-*/%^,".includes(char)) return this.#token(char as "+");
    if (digit.test(char) || (char === "." && digit.test(this.#peek()))) {
      this.#inRangeHead = false;
      this.#numberSeen = true;
      return this.#number();
    }
    return (
      this.#durationWord(char) ??
      this.#fail(`unexpected character in duration expression: ${quoteChar(char)}`)
    );
  }

  #colonInRangeHead(): Token {
    const token = this.#token(":");
    this.#start = this.#index;
    if (!this.#numberSeen) {
      this.#fail("unexpected colon before duration in duration expression");
    }
    if (this.#colonSeen) this.#fail("unexpected repeated colon in duration expression");
    this.#colonSeen = true;
    return token;
  }

  #durationWord(char: string): Token | undefined {
    if (!durationWordStart.test(char)) return undefined;
    while (letter.test(this.#peek())) this.#index++;
    const word = this.#text().toLowerCase();
    return durationWords.has(word) ? this.#token(`word:${word as Keyword}`) : undefined;
  }

  #nextInBraces(char: string): Token {
    if (char === "") this.#fail("unexpected end of input inside braces");
    if (letter.test(char)) {
      while (letterOrDigit.test(this.#peek())) this.#index++;
      return this.#token("identifier");
    }
    switch (char) {
      case ",":
        return this.#token(char);
      case '"':
      case "'":
      case "`":
        return this.#string(char);
      case "=":
        return this.#token(this.#accept("~") ? "=~" : "=");
      case "!": {
        const after = this.#take();
        if (after === "~" || after === "=") return this.#token(`!${after}`);
        return this.#fail(`unexpected character after '!' inside braces: ${quoteChar(after)}`);
      }
      case "{":
        return this.#fail(`unexpected left brace '{'`);
      case "}":
        this.#inBraces = false;
        return this.#token(char);
      default:
        return this.#fail(`unexpected character inside braces: ${quoteChar(char)}`);
    }
  }

  #word(): Token {
    while (letterOrDigit.test(this.#peek()) || this.#peek() === ":") this.#index++;
    const text = this.#text();
    const word = text.toLowerCase();
    if (word === "inf" || word === "nan") return this.#token("number");
    const keyword = keywords.get(word);
    if (keyword === undefined) {
      return this.#token(text.includes(":") ? "metric-identifier" : "identifier");
    }
    // The fill modifiers are younger than many metrics of these names: without an opening
    // parenthesis they are names.
    if (keyword.startsWith("fill") && !this.#parenFollows()) return this.#token("identifier");
    return this.#token(`word:${keyword}`);
  }

  #parenFollows(): boolean {
    let index = this.#index;
    while (isSpace(this.#source.text.charAt(index))) index++;
    return this.#source.text.charAt(index) === "(";
  }

  #number(): Token {
    const { text } = this.#source;
    const number = scanNumber(text, this.#start);
    this.#index = number.end;
    if (number.complete) return this.#token("number");
    const duration = scanDurationTail(text, number.end);
    this.#index = duration.end;
    if (duration.complete) return this.#token("duration");
    return this.#fail(`bad number or duration syntax: ${quoteString(this.#text())}`);
  }

  #string(quote: string): Token {
    const scanned = scanString(this.#source.text, this.#index, quote);
    if (scanned.fault !== undefined) this.#fail(scanned.fault);
    this.#index = scanned.end;
    return this.#token("string");
  }

  #skipBlanks(): void {
    const { text } = this.#source;
    for (;;) {
      while (isSpace(text.charAt(this.#index))) this.#index++;
      if (text.charAt(this.#index) !== "#" || this.#inRangeHead) return;
      while (this.#index < text.length && !"\r\n".includes(text.charAt(this.#index))) {
        this.#index++;
      }
    }
  }

  #peek(): string {
    return this.#source.text.charAt(this.#index);
  }

  #accept(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#index++;
    return true;
  }

  /** Takes one whole character; the empty string at the end. */
  #take(): string {
    const code = this.#source.text.codePointAt(this.#index);
    if (code === undefined) return "";
    const char = String.fromCodePoint(code);
    this.#index += char.length;
    return char;
  }

  #text(): string {
    return this.#source.text.slice(this.#start, this.#index);
  }

  #token(kind: TokenKind): Token {
    return {
      kind,
      text: this.#text(),
      start: this.#source.byteAt(this.#start),
      end: this.#source.byteAt(this.#index),
    };
  }

  #fail(reason: string): never {
    const source = this.#source;
    throw new PromqlError({
      kind: "syntax",
      query: source.text,
      position: { start: source.byteAt(this.#start), end: source.byteAt(source.text.length) },
      reason,
    });
  }
}

function isSpace(char: string): boolean {
  return char !== "" && space.includes(char);
}

function unexpectedChar(char: string): string {
  return `unexpected character: ${quoteChar(char)}`;
}
