import { type Labels, labelsFrom, type Matcher, metricNameLabel } from "../../model/index.ts";
import type { Aggregate, AggregateOp, Call, Expr, Position, VectorSelector } from "./ast.ts";
import { quoteString } from "./go-text.ts";
import { stringValue } from "./literals.ts";
import type { ParseOptions } from "./options.ts";
import { operatorStrength, parseBinary, signStrength } from "./parse-binary.ts";
import { isNumberAhead, readNumber } from "./parse-duration.ts";
import { parseGrouping, parseLabelSet, parseMatchers } from "./parse-labels.ts";
import { parsePostfix } from "./parse-postfix.ts";
import { Parsing } from "./parsing.ts";
import { signatures } from "./signatures.ts";
import {
  aggregatorWords,
  metricKinds,
  operandStarts,
  type Token,
  type TokenKind,
} from "./token.ts";
import { checkTypes } from "./types.ts";

const aggregation = { in: "aggregation", expected: "" };
const withParameter: ReadonlySet<string> = new Set([
  "topk",
  "bottomk",
  "count_values",
  "quantile",
  "limitk",
  "limit_ratio",
]);
const experimentalAggregators: ReadonlySet<string> = new Set(["limitk", "limit_ratio"]);

const aggregatorKinds: ReadonlySet<TokenKind> = new Set<TokenKind>(
  aggregatorWords.map((word): TokenKind => `word:${word}`),
);
/** What can be called. */
const callKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "identifier",
  "word:start",
  "word:end",
  "word:step",
  "word:range",
  "word:max_of",
  "word:min_of",
]);

/**
 * Parses a whole query and checks its types.
 * @throws PromqlError at the first fault.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const p = new Parsing(text, options);
  if (p.kind() === "end") p.fail({ start: 0, end: 0 }, "no expression found in input");
  const expr = parseOperation(p, 0);
  if (p.kind() !== "end") p.unexpected();
  checkTypes(expr, p);
  return expr;
}

/**
 * Parses a selector without range, offset and @, as in match[] parameters. It may select
 * everything: whoever minds asks `matchesEmpty`.
 * @throws PromqlError at the first fault.
 */
export function parseSeriesSelector(text: string, options: ParseOptions = {}): readonly Matcher[] {
  const p = new Parsing(text, options);
  const isName = metricKinds.has(p.kind());
  if (!isName && p.kind() !== "{") p.unexpected();
  const selector = parseSelector(p, isName ? p.take() : undefined);
  if (p.kind() !== "end") p.unexpected();
  return selector.matchers;
}

/**
 * Parses a metric: a name, labels between braces, or both.
 * @throws PromqlError at the first fault.
 */
export function parseMetric(text: string): Labels {
  const p = new Parsing(text, {});
  const metric = parseLabels(p);
  if (p.kind() !== "end") p.unexpected();
  return metric;
}

/** A metric at the head of a text, and the UTF-16 index where the rest begins. */
export interface MetricPrefix {
  readonly labels: Labels;
  readonly end: number;
}

/**
 * Parses the metric at the head of a series description such as `up{a="b"} 1 2 3`: braces
 * follow the name at once, and the rest of the text is not looked at.
 * @throws PromqlError at the first fault.
 */
export function parseMetricPrefix(text: string): MetricPrefix {
  const p = new Parsing(text, {});
  if (metricKinds.has(p.kind()) && text[p.lexer.index] !== "{") {
    const name = p.take().text;
    return { labels: labelsFrom([[metricNameLabel, name]]), end: p.lexer.index };
  }
  return { labels: parseLabels(p, false), end: p.lexer.index };
}

function parseLabels(p: Parsing, bracesOptional = true): Labels {
  const name = metricKinds.has(p.kind()) ? p.take().text : undefined;
  const braces = !bracesOptional || p.kind() === "{";
  const pairs = braces ? [...parseLabelSet(p).items] : [];
  if (name !== undefined) pairs.push([metricNameLabel, name]);
  return labelsFrom(pairs);
}

/** Parses operands and the operators between them, as long as these bind at least so strongly. */
function parseOperation(p: Parsing, strengthMin: number): Expr {
  return p.nested(() => {
    let lhs = parseSigned(p);
    while ((operatorStrength(p.kind()) ?? -1) >= strengthMin) {
      lhs = parseBinary(p, lhs, parseOperation);
    }
    return lhs;
  });
}

function parseSigned(p: Parsing): Expr {
  if (p.kind() !== "+" && p.kind() !== "-") return parsePostfix(p, parseOperand(p));
  const sign = p.take();
  const expr = parseOperation(p, signStrength);
  const position = { start: sign.start, end: expr.position.end };
  if (expr.kind === "number") {
    return { ...expr, value: sign.kind === "-" ? -expr.value : expr.value, position };
  }
  p.grow(p.height);
  return { kind: "unary", op: sign.kind === "-" ? "-" : "+", expr, position };
}

function parseOperand(p: Parsing): Expr {
  if (isNumberAhead(p)) return { kind: "number", ...readNumber(p, p.take()) };
  if (p.kind() === "string") return parseString(p);
  if (p.kind() === "(") return parseParen(p);
  if (p.kind() === "{") return parseSelector(p, undefined);
  return parseNamed(p);
}

function parseString(p: Parsing): Expr {
  const token = p.take();
  p.grow(0);
  return { kind: "string", value: stringValue(token.text), position: span(token, token) };
}

function parseParen(p: Parsing): Expr {
  const open = p.take();
  const expr = parseOperation(p, 0);
  const close = p.expect(")");
  p.grow(p.height);
  return { kind: "paren", expr, position: span(open, close) };
}

/** A call, an aggregation, or a selector that begins with its metric's name. */
function parseNamed(p: Parsing): Expr {
  if (!metricKinds.has(p.kind())) p.unexpected();
  const name = p.take();
  if (aggregatorKinds.has(name.kind)) {
    if (p.kind() === "(" || p.kind() === "word:by" || p.kind() === "word:without") {
      return parseAggregate(p, name);
    }
  } else if (callKinds.has(name.kind) && p.kind() === "(") {
    return parseCall(p, name);
  }
  return parseSelector(p, name);
}

function parseSelector(p: Parsing, name: Token | undefined): VectorSelector {
  const braces = p.kind() === "{" ? parseMatchers(p) : undefined;
  const matchers = [...(braces?.items ?? [])];
  if (name !== undefined) matchers.push({ type: "=", name: metricNameLabel, value: name.text });
  p.grow(0);
  return {
    kind: "vector-selector",
    name: name?.text ?? "",
    matchers,
    offset: undefined,
    at: undefined,
    extended: undefined,
    position: {
      start: name?.start ?? braces?.position.start ?? 0,
      end: braces?.position.end ?? name?.end ?? 0,
    },
  };
}

function parseCall(p: Parsing, name: Token): Call {
  const args = parseArguments(p);
  const signature = signatures.get(name.text);
  if (signature === undefined) {
    p.fail(name, `unknown function with name ${quoteString(name.text)}`);
  }
  if (signature?.experimental && !p.options.experimentalFunctions) {
    p.fail(name, `function ${quoteString(name.text)} is not enabled`);
  }
  p.grow(p.height);
  return {
    kind: "call",
    func: name.text,
    args: args.exprs,
    position: { start: name.start, end: args.end },
  };
}

interface Arguments {
  readonly exprs: readonly Expr[];
  readonly end: number;
}

/** Parses `(a, b)`; the height is that of the tallest argument afterwards. */
function parseArguments(p: Parsing): Arguments {
  p.expect("(");
  const exprs: Expr[] = [];
  let height = 0;
  while (p.kind() !== ")") {
    exprs.push(parseOperation(p, 0));
    height = Math.max(height, p.height);
    if (p.kind() === ")") break;
    const comma = p.expect(",");
    if (!operandStarts.has(p.kind())) {
      p.fail(comma, "trailing commas not allowed in function call args");
    }
  }
  p.height = height;
  return { exprs, end: p.expect(")").end };
}

function parseAggregate(p: Parsing, name: Token): Aggregate {
  return p.within(aggregation, () => {
    let modifier = p.kind() === "(" ? undefined : parseAggregateModifier(p);
    const args = parseArguments(p);
    const height = p.height;
    let { end } = args;
    if (modifier === undefined && (p.kind() === "word:by" || p.kind() === "word:without")) {
      modifier = parseAggregateModifier(p);
      end = modifier.end;
    }
    p.grow(height);
    const grouping = modifier ?? { labels: [], without: false };
    return newAggregate(p, { name, args: args.exprs, grouping, end });
  });
}

interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

function parseAggregateModifier(p: Parsing): Grouping & { readonly end: number } {
  const without = p.take().kind === "word:without";
  const { labels, end } = parseGrouping(p);
  return { labels, without, end };
}

interface AggregateParts {
  readonly name: Token;
  readonly args: readonly Expr[];
  readonly grouping: Grouping;
  readonly end: number;
}

function newAggregate(p: Parsing, parts: AggregateParts): Aggregate {
  const { name, args, grouping } = parts;
  const op = name.kind.slice("word:".length) as AggregateOp;
  const position = { start: name.start, end: parts.end };
  const argsWanted = withParameter.has(op) ? 2 : 1;
  const expr = args[argsWanted - 1];
  if (args.length === 0) p.fail(position, "no arguments for aggregate expression provided");
  if (experimentalAggregators.has(op) && !p.options.experimentalFunctions) {
    p.fail(
      position,
      `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
    );
  }
  if (args.length !== argsWanted || expr === undefined) {
    const counts = `expected ${argsWanted}, got ${args.length}`;
    const reason = "wrong number of arguments for aggregate expression provided";
    return p.fail(position, `${reason}, ${counts}`);
  }
  return {
    kind: "aggregate",
    op,
    expr,
    param: argsWanted === 2 ? args[0] : undefined,
    grouping: grouping.labels,
    without: grouping.without,
    position,
  };
}

function span(first: Token, last: Token): Position {
  return { start: first.start, end: last.end };
}
