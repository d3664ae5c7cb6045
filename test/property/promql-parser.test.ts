import { parser as lezer } from "@prometheus-io/lezer-promql";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Expr,
  type ParseOptions,
  PromqlError,
  parseExpr,
  prettyExpr,
  printExpr,
} from "../../server/promql/parser/index.ts";

const all: ParseOptions = {
  experimentalFunctions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};

const one = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
/** Joins the parts that a template's holes stand for. */
const joined = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((texts) => texts.join(""));

const name = one("up", "node_cpu:rate5m:sum", "a1", "sum", "by", "start", "fill", "and");
const label = one("job", "le", "_x", "sum", "on");
const value = one('"a"', "'b\\'c'", "`d\\`", '"é\\n"', '""', '"x|y"');
const matcher = joined(label, one("=", "!=", "=~", "!~"), value);
const matchers = fc.array(matcher, { maxLength: 3 }).map((texts) => `{${texts.join(", ")}}`);
const positive = one("1", "30s", "1h30m", "0.5", "2d");
const durationExpr = fc.letrec<{ at: string }>((tie) => ({
  at: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    positive,
    one("range()", "max_of(2, 5m)"),
    joined(tie("at"), one(" + ", " * ", " ^ ", " - "), tie("at")),
    joined("(", tie("at"), " + ", tie("at"), ")"),
    joined("-(", tie("at"), " + 1)"),
  ),
})).at;
const offset = joined(" offset ", one("5m", "-90", "step()", "-step()", "-(1h + 5m)"));
const at = joined(" @ ", one("start()", "end()", "1609746000.125", "-5"));
const modifiers = fc.oneof(
  one("", " anchored"),
  offset,
  at,
  joined(offset, at),
  joined(at, offset),
);
const labels = fc.array(label, { maxLength: 3 }).map((texts) => `(${texts.join(", ")})`);
const by = joined(one(" by ", " without "), labels, " ");
const vectorMatching = fc.oneof(
  one("", " on (job)", " ignoring ()", " fill (0)", " on (a) group_left fill_left (-1)"),
  joined(one(" on ", " ignoring "), labels, one(" group_left (z)", " group_right ()", " ")),
);

/**
 * Texts of the whole language by their type; types fit by construction, labels need not. Two
 * things do not survive printing, in Prometheus neither, and are left out: Inf, printed with a
 * sign that binds less than ^, and offsets that go on after a bracket, printed without it.
 */
const texts = fc.letrec<{ scalar: string; vector: string; matrix: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 3 },
    one("1", "-2.5", "1e3", "0x1F", "NaN", "5m", "time()", "min_of(1, 2)"),
    joined(tie("scalar"), one(" + ", " ^ ", " atan2 ", " > bool "), tie("scalar")),
    joined("(", tie("scalar"), ")"),
    joined("scalar(", tie("vector"), ")"),
    joined("-", tie("scalar")),
  ),
  matrix: fc.oneof(
    { maxDepth: 3 },
    joined(name, matchers, "[", positive, "]", modifiers),
    joined(name, "[", durationExpr, "]"),
    joined(tie("vector"), "[", positive, ":", one("", "1m", "step()"), "]", offset),
  ),
  vector: fc.oneof(
    { maxDepth: 4 },
    joined(name, modifiers),
    joined(name, matchers, modifiers),
    joined('{"my.metric", ', matcher, "}"),
    joined("(", tie("vector"), ")"),
    joined("-", tie("vector")),
    joined(one("rate", "max_over_time"), "(", tie("matrix"), ")"),
    joined("round(", tie("vector"), ", ", tie("scalar"), ")"),
    joined("sum", by, "(", tie("vector"), ")"),
    joined("topk(", tie("scalar"), ", ", tie("vector"), ")", by),
    joined(tie("vector"), one(" + ", " / ", " ^ ", " > bool ", " </ "), tie("scalar")),
    joined(tie("vector"), one(" +", " ==", " atan2"), vectorMatching, " ", tie("vector")),
    joined(tie("vector"), one(" and ", " or ", " unless on (job) "), tie("vector")),
  ),
}));
const query = fc.oneof(texts.scalar, texts.vector, texts.matrix);

/** The tree without places and without the order of matchers, which printing sorts. */
function shape(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, part: unknown) => {
      if (key === "position") return undefined;
      if (key === "matchers")
        return (part as readonly object[]).map((m) => JSON.stringify(m)).sort();
      return typeof part === "number" ? String(part) : part;
    }),
  );
}

/** Parses, or gives nothing when the meaning, not the grammar, is at fault. */
function parsed(text: string): Expr | undefined {
  try {
    return parseExpr(text, all);
  } catch (error) {
    if (grammarFault(text) !== undefined) throw error;
    return undefined;
  }
}

const grammarReason =
  /^(unexpected|unclosed|unterminated|no expression|trailing commas|bad number|unknown escape)/;

/** Reason for which the text is not of the grammar; undefined when it is. */
function grammarFault(text: string): string | undefined {
  try {
    parseExpr(text, all);
    return undefined;
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    return grammarReason.test(error.reason) ? error.reason : undefined;
  }
}

describe("printing", () => {
  test("what is printed is parsed to the same tree, and printed the same", () => {
    let count = 0;
    fc.assert(
      fc.property(query, (text) => {
        const expr = parsed(text);
        if (expr === undefined) return;
        count++;
        const printed = printExpr(expr);
        const again = parseExpr(printed, all);
        expect(shape(again)).toEqual(shape(expr));
        expect(printExpr(again)).toBe(printed);
        expect(shape(parseExpr(prettyExpr(expr), all))).toEqual(shape(expr));
      }),
      { numRuns: 3000 },
    );
    expect(count).toBeGreaterThan(1000);
  });

  test("places are those of the text", () => {
    fc.assert(
      fc.property(texts.vector, (text) => {
        const expr = parsed(text);
        // As in Prometheus, `anchored` is not within the place of its selector.
        if (expr === undefined || text.includes("anchored")) return;
        const bytes = Buffer.from(text);
        const part = bytes.subarray(expr.position.start, expr.position.end).toString();
        expect(shape(parseExpr(part, all))).toEqual(shape(expr));
      }),
      { numRuns: 1000 },
    );
  });
});

/*
 * The grammar of Prometheus's own editor is the second opinion. It knows no types and no
 * values, and differs from the server in what is left out of the texts here: it takes
 * `without` as a label, a first `step()` in the range of a subquery, a metric named `atan2`,
 * wrong escapes in strings, numbers with letters right after them, `inf` as a duration; it refuses a metric named `offset`, `min_of(…)` as a value, upper
 * case `STEP()`, and numbers such as `5.` and `0X1F`.
 */
function lezerRefuses(text: string): boolean {
  let refused = false;
  lezer.parse(text).iterate({
    enter: (node) => {
      refused ||= node.type.isError;
    },
  });
  return refused;
}

/** True where both are known to differ. */
function knownDifference(text: string, fault: string | undefined): boolean {
  if (/\b(without|offset|atan2|min_of|max_of|step|range|start|end)\b/.test(text)) return true;
  if (/\b(fill|fill_left|fill_right)\b/.test(text)) return true;
  // Any UTF-8 is a label name now; the other grammar takes no colon in a list of labels.
  if (/\b(by|on|ignoring|group_left|group_right)\s*\([^)]*:/.test(text)) return true;
  if (/^(unterminated|unknown escape|bad number)/.test(fault ?? "")) return true;
  if (/duration expression: '[iIN]'|'[iIN]', expected ':'/.test(fault ?? "")) return true;
  return fault === "unexpected colon before duration in duration expression";
}

const tokens = `( ) [ ] { } , : = == != =~ + - * / ^ @ </ by on ignoring group_left bool sum rate
  a b:c 5m 1 "x" and or unless anchored 5m] {a="b"} (a) [5m:1m] by(a) topk inf #`.split(/\s+/);
const piece = /\s+|[a-zA-Z_:][\w:]*|[\d.]+[a-z]*|"[^"]*"|'[^']*'|[=!<>]=|=~|!~|<\/|>\/|[^]/gu;

interface Change {
  readonly at: number;
  readonly drop: number;
  readonly add: readonly string[];
}
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(60),
  drop: fc.nat(2),
  add: fc.array(one(...tokens), { maxLength: 2 }),
});

function mutate(text: string, changes: readonly Change[]): string {
  const pieces = text.match(piece) ?? [];
  for (const { at: place, drop, add } of changes) {
    pieces.splice(place % (pieces.length + 1), drop, ...add.map((token) => ` ${token} `));
  }
  return pieces.join("");
}

describe("a second grammar", () => {
  test("takes what is generated", () => {
    fc.assert(
      fc.property(query, (text) => {
        if (knownDifference(text, undefined)) return;
        expect(lezerRefuses(text), text).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("takes a mutated text exactly when ours does", () => {
    const seen = { refused: 0, taken: 0 };
    fc.assert(
      fc.property(query, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        const mutated = mutate(text, changes);
        const fault = grammarFault(mutated);
        if (knownDifference(mutated, fault)) return;
        seen[fault === undefined ? "taken" : "refused"]++;
        if (fault === undefined && parsed(mutated) === undefined) return;
        expect(lezerRefuses(mutated), `${mutated}: ${fault}`).toBe(fault !== undefined);
      }),
      { numRuns: 4000 },
    );
    expect(seen.refused).toBeGreaterThan(300);
    expect(seen.taken).toBeGreaterThan(100);
  });
});

test("any text is parsed or refused with a place in it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "grapheme" }), query), (text) => {
      try {
        parseExpr(text, all);
      } catch (error) {
        expect(error).toBeInstanceOf(PromqlError);
        const { position } = error as PromqlError;
        expect(position.start).toBeGreaterThanOrEqual(0);
        expect(position.end).toBeLessThanOrEqual(Buffer.byteLength(text) + 1);
        expect(position.start).toBeLessThanOrEqual(Buffer.byteLength(text));
      }
    }),
    { numRuns: 3000 },
  );
});
