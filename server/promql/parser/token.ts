import { quoteString } from "./go-text.ts";

/** Words that are operators when they stand where an operator may. */
const operatorWords = ["and", "or", "unless", "atan2"] as const;

/** Aggregation operators. */
export const aggregatorWords = [
  "sum",
  "avg",
  "count",
  "min",
  "max",
  "group",
  "stddev",
  "stdvar",
  "topk",
  "bottomk",
  "count_values",
  "quantile",
  "limitk",
  "limit_ratio",
] as const;

/** Words of modifiers. */
const modifierWords = [
  "offset",
  "smoothed",
  "anchored",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "fill",
  "fill_left",
  "fill_right",
  "bool",
] as const;

/** Words that are functions of the query's time range, inside durations and after @. */
const rangeWords = ["start", "end", "step", "range", "max_of", "min_of"] as const;

const operatorSigns = [
  "@",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "<",
  ">",
  "==",
  "!=",
  "<=",
  ">=",
  "</",
  ">/",
  "=~",
  "!~",
] as const;

type Sign = "(" | ")" | "{" | "}" | "[" | "]" | "," | ":" | "=" | (typeof operatorSigns)[number];

/** A keyword, lower case. */
export type Keyword =
  | (typeof operatorWords)[number]
  | (typeof aggregatorWords)[number]
  | (typeof modifierWords)[number]
  | (typeof rangeWords)[number];

/** Kind of a token: signs and keywords are their own kinds. */
export type TokenKind =
  | "end"
  | "identifier"
  | "metric-identifier"
  | "number"
  | "duration"
  | "string"
  | Sign
  | `word:${Keyword}`;

/** A piece of a query; offsets are in bytes of UTF-8. */
export interface Token {
  readonly kind: TokenKind;
  /** As written, quotes of strings included. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Keywords by their lower-case text. */
export const keywords: ReadonlyMap<string, Keyword> = new Map(
  [...operatorWords, ...aggregatorWords, ...modifierWords, ...rangeWords].map((word) => [
    word,
    word,
  ]),
);

/** Keywords that are not metric names where an operand may stand. */
const neverMetrics: ReadonlySet<string> = new Set([
  "atan2",
  "bool",
  "group_left",
  "group_right",
  "ignoring",
  "on",
]);
/** Kinds of tokens that can be the name of a metric. */
export const metricKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "identifier",
  "metric-identifier",
  ...[...keywords.values()]
    .filter((word) => !neverMetrics.has(word))
    .map((word): TokenKind => `word:${word}`),
]);
/** Kinds of tokens with which an operand can begin. */
export const operandStarts: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "number",
  "duration",
  "string",
  "(",
  "{",
  "+",
  "-",
  ...metricKinds,
]);
const operators: ReadonlySet<string> = new Set([
  ...operatorSigns,
  ...operatorWords.map((word) => `word:${word}`),
]);
const aggregators: ReadonlySet<string> = new Set(aggregatorWords.map((word) => `word:${word}`));
const modifiers: ReadonlySet<string> = new Set(modifierWords.map((word) => `word:${word}`));

/** Names a token in an error, as Prometheus does. */
export function describeToken(token: Token): string {
  const { kind, text } = token;
  if (kind === "end") return "end of input";
  if (kind === "identifier") return `identifier ${quoteString(text)}`;
  if (kind === "metric-identifier") return `metric identifier ${quoteString(text)}`;
  if (kind === "number" || kind === "duration" || kind === "string") {
    return `${kind} ${shortQuote(token)}`;
  }
  if (modifiers.has(kind)) return `<${text}>`;
  if (operators.has(kind)) return `<op:${text}>`;
  if (aggregators.has(kind)) return `<aggr:${text}>`;
  return shortQuote(token);
}

/** Quotes at most ten characters of the text; more than ten bytes get dots. */
function shortQuote(token: Token): string {
  if (token.end - token.start <= 10) return quoteString(token.text);
  return `${quoteString(Array.from(token.text).slice(0, 10).join(""))}...`;
}
