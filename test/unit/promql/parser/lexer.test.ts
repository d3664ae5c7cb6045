import { describe, expect, test } from "vitest";
import { Lexer } from "../../../../server/promql/parser/lexer.ts";
import { openSource } from "../../../../server/promql/parser/source.ts";

function kinds(text: string): string {
  const lexer = new Lexer(openSource(text, 1000));
  const found: string[] = [];
  for (;;) {
    const token = lexer.next();
    if (token.kind === "end") return found.join(" ");
    found.push(token.kind);
  }
}

test("signs, words and literals", () => {
  expect(kinds("a:b + sum BY (x) >= 1.5 ^ 5m")).toBe(
    "metric-identifier + word:sum word:by ( identifier ) >= number ^ duration",
  );
  expect(kinds("a </ b >/ c != d == @ = %")).toBe(
    "identifier </ identifier >/ identifier != identifier == @ = %",
  );
  expect(kinds("Inf nAn infinity")).toBe("number number identifier");
});

test("words between braces are names, whatever they mean outside", () => {
  expect(kinds('sum{sum=~"a",by!~"b",on!="c"}')).toBe(
    "word:sum { identifier =~ string , identifier !~ string , identifier != string }",
  );
});

test("a colon is part of names outside brackets only", () => {
  expect(kinds("a[5m:1m]")).toBe("identifier [ duration : duration ]");
  expect(kinds("a[5m:step()]")).toBe("identifier [ duration : word:step ( ) ]");
  expect(kinds(":a")).toBe("metric-identifier");
});

test("fill is a keyword before a parenthesis only", () => {
  expect(kinds("fill fill_left (1) FILL\n(1)")).toBe(
    "identifier word:fill_left ( number ) word:fill ( number )",
  );
});

test("comments and blanks separate and vanish", () => {
  expect(kinds("a # b ( \n\t# c\r\n+ 1 # d")).toBe("identifier + number");
  expect(kinds('a{b="c" # x }\n}')).toBe("identifier { identifier = string }");
});

test("tokens know their bytes", () => {
  const lexer = new Lexer(openSource("'é' + x", 1000));
  expect(lexer.next()).toEqual({ kind: "string", text: "'é'", start: 0, end: 4 });
  expect(lexer.next()).toMatchObject({ start: 5, end: 6 });
  expect(lexer.next()).toMatchObject({ text: "x", start: 7, end: 8 });
  expect(lexer.index).toBe(7);
  expect(lexer.next().kind).toBe("end");
  expect(lexer.next().kind).toBe("end");
});

describe("faults", () => {
  test.each([
    ["(a", "1:3: parse error: unclosed left parenthesis"],
    ["a)", "1:3: parse error: unexpected right parenthesis ')'"],
    ["a[5m", "1:5: parse error: unclosed left bracket"],
    ["a[[", "1:3: parse error: unexpected character in duration expression: '['"],
    ["a]", "1:2: parse error: unexpected right bracket ']'"],
    ["a[", "1:3: parse error: unexpected end of input in duration expression"],
    ["a[:1m]", "1:4: parse error: unexpected colon before duration in duration expression"],
    ["a[5m:1m:1m]", "1:8: parse error: unexpected colon ':'"],
    ["a[5m x]", "1:6: parse error: unexpected character: 'x', expected ':'"],
    ["a{", "1:3: parse error: unexpected end of input inside braces"],
    ["a{{", "1:3: parse error: unexpected left brace '{'"],
    ["a{b!c}", "1:4: parse error: unexpected character after '!' inside braces: 'c'"],
    ["a{5}", "1:3: parse error: unexpected character inside braces: '5'"],
    ["a =~", "1:3: parse error: unexpected character after '=': '~'"],
    ["!", "1:1: parse error: unexpected character after '!': '�'"],
    ["a $", "1:3: parse error: unexpected character: '$'"],
    ["😀", "1:1: parse error: unexpected character: '😀'"],
    ["5xx", '1:1: parse error: bad number or duration syntax: "5"'],
    ["'a", "1:1: parse error: unterminated quoted string"],
  ])("%s", (text, message) => {
    expect(() => kinds(text)).toThrow(message);
  });
});
