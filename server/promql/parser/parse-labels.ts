import { RE2JS } from "re2js";
import {
  compileMatcher,
  type Matcher,
  type MatcherType,
  metricNameLabel,
} from "../../model/index.ts";
import type { Position } from "./ast.ts";
import { quoteString } from "./go-text.ts";
import { stringValue } from "./literals.ts";
import type { Parsing } from "./parsing.ts";
import { keywords, type Token, type TokenKind } from "./token.ts";

const matchersRegion = { in: "label matching", expected: 'identifier or "}"' };
const setRegion = { in: "label set", expected: 'identifier or "}"' };

/** Keywords that are no label names in groupings, by an oversight that Prometheus has kept. */
const neverLabels: ReadonlySet<TokenKind> = new Set<TokenKind>(["word:without"]);
const nameKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "identifier",
  "metric-identifier",
  ...[...keywords.values()].map((word): TokenKind => `word:${word}`),
]);

/** Items between braces, with the positions of the braces. */
export interface Braces<T> {
  readonly items: readonly T[];
  readonly position: Position;
}

/** Parses `{a="b", "c"=~"d", "name"}`; the opening brace is ahead. */
export function parseMatchers(p: Parsing): Braces<Matcher> {
  return parseBraces(p, { in: matchersRegion.in, item: parseMatcher });
}

/** Parses `{a="b", "name"}` into pairs of name and value; the opening brace is ahead. */
export function parseLabelSet(p: Parsing): Braces<readonly [string, string]> {
  return parseBraces(p, { in: setRegion.in, item: parsePair });
}

interface BracesOf<T> {
  readonly in: string;
  readonly item: (p: Parsing) => T;
}

function parseBraces<T>(p: Parsing, of: BracesOf<T>): Braces<T> {
  const { start } = p.expect("{");
  const items: T[] = [];
  while (p.kind() !== "}") {
    items.push(of.item(p));
    p.count();
    if (p.kind() === "}") break;
    if (!p.accept(",")) p.unexpected({ in: of.in, expected: '"," or "}"' });
  }
  const { end } = p.expect("}");
  return { items, position: { start, end } };
}

function parseMatcher(p: Parsing): Matcher {
  const name = parseName(p, matchersRegion);
  const type = matcherType(p.kind());
  if (type === undefined) {
    if (name.kind === "string") return { type: "=", name: metricNameLabel, value: name.value };
    return p.unexpected({ in: matchersRegion.in, expected: "label matching operator" });
  }
  p.take();
  const value = parseValue(p, matchersRegion.in);
  const matcher = { type, name: name.value, value: stringValue(value.text) };
  const fault = patternFault(p, matcher);
  if (fault !== undefined) p.fail({ start: name.start, end: value.end }, fault);
  return matcher;
}

function parsePair(p: Parsing): readonly [string, string] {
  const name = parseName(p, setRegion);
  if (!p.accept("=")) {
    if (name.kind === "string") return [metricNameLabel, name.value];
    p.unexpected({ in: setRegion.in, expected: '"="' });
  }
  return [name.value, stringValue(parseValue(p, setRegion.in).text)];
}

function parseName(p: Parsing, region: typeof setRegion): Token & { readonly value: string } {
  if (p.kind() !== "identifier" && p.kind() !== "string") p.unexpected(region);
  const token = p.take();
  return { ...token, value: token.kind === "string" ? stringValue(token.text) : token.text };
}

function parseValue(p: Parsing, where: string): Token {
  if (p.kind() !== "string") p.unexpected({ in: where, expected: "string" });
  return p.take();
}

function matcherType(kind: TokenKind): MatcherType | undefined {
  return kind === "=" || kind === "!=" || kind === "=~" || kind === "!~" ? kind : undefined;
}

/** Patterns that are valid for sure: single characters and dots, each repeated or not, and `|`. */
const plainPattern = /^(?:[\w :;,<>="'`~!@#%&/.-][*+?]?|\|)*$/;

/** What is wrong with the pattern of a matcher, in the words of RE2. */
function patternFault(p: Parsing, matcher: Matcher): string | undefined {
  if (matcher.type === "=" || matcher.type === "!=") return undefined;
  if (plainPattern.test(matcher.value)) return undefined;
  p.countPattern();
  try {
    // Without the flag for dots: re2js would show it in the text of the error.
    RE2JS.compile(matcher.value);
    return undefined;
  } catch (error) {
    return completeFault(error instanceof Error ? error.message : String(error), matcher.value);
  }
}

/** RE2 names the faulty part of the pattern in every error; re2js leaves it out of two. */
function completeFault(reason: string, pattern: string): string {
  if (reason.endsWith("`")) return reason;
  return reason.includes("trailing backslash") ? `${reason}: \`\`` : `${reason}: \`${pattern}\``;
}

/** True when the matcher accepts a series that lacks the label. Its pattern must be valid. */
export function matchesEmpty(matcher: Matcher): boolean {
  return compileMatcher(matcher).matches("");
}

/** Labels between parentheses, and where they end. */
export interface GroupingLabels {
  readonly labels: readonly string[];
  readonly end: number;
}

/** Parses `(a, "b.c")` after `by`, `on`, `group_left` and their like. */
export function parseGrouping(p: Parsing): GroupingLabels {
  const where = "grouping opts";
  if (!p.accept("(")) p.unexpected({ in: where, expected: '"("' });
  const labels: string[] = [];
  while (p.kind() !== ")") {
    labels.push(parseGroupingLabel(p, where));
    p.count();
    if (p.kind() === ")") break;
    if (!p.accept(",")) p.unexpected({ in: where, expected: '"," or ")"' });
  }
  return { labels, end: p.expect(")").end };
}

function parseGroupingLabel(p: Parsing, where: string): string {
  if (p.kind() === "string") {
    const token = p.take();
    const value = stringValue(token.text);
    if (value === "" || !value.isWellFormed())
      p.fail(token, `invalid label name for grouping: ${quoteString(value)}`);
    return value;
  }
  if (!nameKinds.has(p.kind()) || neverLabels.has(p.kind())) {
    p.unexpected({ in: where, expected: "label" });
  }
  return p.take().text;
}
