import { RE2JS } from "re2js";
import type { Matcher } from "./matcher.ts";

/**
 * What a matcher says of label values. Patterns are RE2, fully anchored, and the dot matches
 * newlines; common shapes never reach the engine: literals, alternations of literals, and
 * `literal.*`, `.*literal`, `.*literal.*` with `+` in place of `*` likewise.
 */
export interface ValueMatcher {
  /** True when a series with this value fulfils the matcher; the empty value means no label. */
  matches(value: string): boolean;
  /** When set: the only values that can fulfil a positive matcher, or break a negative one. */
  readonly literals: readonly string[] | undefined;
}

/** Alternatives beyond this are left to the engine. */
const alternativesMax = 1000;

/** Compiles a matcher. Throws re2js's syntax error when the pattern is not RE2. */
export function compileMatcher(matcher: Matcher): ValueMatcher {
  const { type, value } = matcher;
  if (type === "=") return { matches: (other) => other === value, literals: [value] };
  if (type === "!=") return { matches: (other) => other !== value, literals: [value] };
  const { test, literals } = compilePattern(value);
  return { matches: type === "=~" ? test : (other) => !test(other), literals };
}

interface CompiledPattern {
  readonly test: (value: string) => boolean;
  readonly literals: readonly string[] | undefined;
}

function compilePattern(pattern: string): CompiledPattern {
  const engine = RE2JS.compile(pattern, RE2JS.DOTALL);
  const literals = literalAlternatives(pattern);
  if (literals !== undefined) {
    const set = new Set(literals);
    return { test: (value) => set.has(value), literals };
  }
  return { test: affixTest(pattern) ?? ((value) => engine.matches(value)), literals: undefined };
}

/** The characters that mean something in a pattern. */
const special = /[\\.+*?()|[\]{}^$]/;

/** Values of `a|b|c`, also within one pair of plain parentheses; undefined for other patterns. */
function literalAlternatives(pattern: string): readonly string[] | undefined {
  const inner = /^\(([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  const alternatives = inner.split("|");
  if (alternatives.length > alternativesMax) return undefined;
  return alternatives.some((text) => special.test(text)) ? undefined : alternatives;
}

/** Prefix, suffix and contains; `.+` wants at least one more character than `.*`. */
function affixTest(pattern: string): ((value: string) => boolean) | undefined {
  const parts = /^(\.[*+])?([^\\.+*?()|[\]{}^$]*)(\.[*+])?$/.exec(pattern);
  if (parts === null) return undefined;
  const [, before, text = "", after] = parts;
  const least = text.length + (before === ".+" ? 1 : 0) + (after === ".+" ? 1 : 0);
  // `.+.+` counts characters, of which some are two units long: that is left to the engine.
  if (text === "" && before !== undefined && after !== undefined) return undefined;
  if (before !== undefined && after !== undefined) return containsTest({ before, text, after });
  if (after !== undefined) return (value) => value.length >= least && value.startsWith(text);
  if (before !== undefined) return (value) => value.length >= least && value.endsWith(text);
  return undefined;
}

/** `.*text.*`: any occurrence will do; `.+` needs one that leaves a character on that side. */
function containsTest(parts: {
  before: string;
  text: string;
  after: string;
}): (value: string) => boolean {
  const from = parts.before === ".+" ? 1 : 0;
  const rest = parts.text.length + (parts.after === ".+" ? 1 : 0);
  return (value) => {
    const at = value.indexOf(parts.text, from);
    return at >= from && at + rest <= value.length;
  };
}
