import type {
  AtModifier,
  Duration,
  Expr,
  MatrixSelector,
  Position,
  Subquery,
  VectorSelector,
} from "./ast.ts";
import { formatFixed, roundAwayFromZero } from "./go-text.ts";
import {
  isNumberAhead,
  parseDurationExpr,
  parseOffsetDuration,
  readNumber,
  requirePositive,
  toDuration,
} from "./parse-duration.ts";
import type { Parsing } from "./parsing.ts";
import type { TokenKind } from "./token.ts";

const rangeHead = {
  in: "subquery or range selector",
  expected: "number, duration, step(), or range()",
};
const rangeTail = { in: "subquery or range", expected: '":" or "]"' };
const stepHead = {
  in: "subquery selector",
  expected: 'number, duration, step(), range(), or "]"',
};
const stepTail = { in: "subquery selector", expected: '"]"' };
const offsetRegion = { in: "offset", expected: "number, duration, step(), or range()" };
const atRegion = { in: "@", expected: "timestamp" };
const selectorsOnly =
  "must be preceded by an instant vector selector or range vector selector or a subquery";

/** What offset and @ may stand on. */
type Timed = VectorSelector | MatrixSelector | Subquery;

const postfixes: ReadonlyMap<TokenKind, (p: Parsing, expr: Expr) => Expr> = new Map([
  ["[", parseRange],
  ["word:offset", parseOffset],
  ["@", parseAt],
  ["word:anchored", parseExtended],
  ["word:smoothed", parseExtended],
]);

/** Applies the ranges and modifiers that follow an operand; they bind closer than any operator. */
export function parsePostfix(p: Parsing, operand: Expr): Expr {
  let expr = operand;
  for (;;) {
    const apply = postfixes.get(p.kind());
    if (apply === undefined) return expr;
    expr = apply(p, expr);
  }
}

function parseRange(p: Parsing, expr: Expr): Expr {
  const below = p.height;
  const open = p.expect("[");
  const rangeExpr = p.within(rangeHead, () => parseDurationExpr(p));
  p.peek();
  const range = toDuration(requirePositive(p, rangeExpr));
  if (p.accept(":")) return parseSubqueryStep(p, { expr, range, below });
  if (p.kind() !== "]") p.unexpected(rangeTail);
  const { end } = p.take();
  const position = { start: expr.position.start, end };
  const fault = rangeFault(expr);
  if (fault !== undefined || expr.kind !== "vector-selector") {
    return p.fail({ start: open.start, end }, fault ?? "");
  }
  p.grow(below);
  return { kind: "matrix-selector", selector: expr, range, position };
}

function rangeFault(expr: Expr): string | undefined {
  if (expr.kind !== "vector-selector") return "ranges only allowed for vector selectors";
  if (expr.offset?.kind === "ms") return "no offset modifiers allowed before range";
  if (expr.at?.kind === "time") return "no @ modifiers allowed before range";
  return undefined;
}

interface SubqueryHead {
  readonly expr: Expr;
  readonly range: Duration;
  readonly below: number;
}

function parseSubqueryStep(p: Parsing, head: SubqueryHead): Subquery {
  const { expr, range, below } = head;
  let step: Duration | undefined;
  if (p.kind() !== "]") {
    const stepExpr = p.within(stepHead, () => parseDurationExpr(p));
    p.peek();
    step = toDuration(requirePositive(p, stepExpr));
    if (p.kind() !== "]") p.unexpected(stepTail);
  }
  const { end } = p.expect("]");
  p.grow(below);
  return {
    kind: "subquery",
    expr,
    range,
    step,
    offset: undefined,
    at: undefined,
    position: { start: expr.position.start, end },
  };
}

function parseOffset(p: Parsing, expr: Expr): Expr {
  const below = p.height;
  p.take();
  const value = p.within(offsetRegion, () => parseOffsetDuration(p));
  p.height = below;
  if (!isTimed(expr)) return p.fail(expr.position, `offset modifier ${selectorsOnly}`);
  if (timeOf(expr).offset !== undefined) {
    p.fail(expr.position, "offset may not be set multiple times");
  }
  const zero = value.op === "number" && roundAwayFromZero((value.value ?? 0) * 1e9) === 0;
  const offset = zero ? undefined : toDuration(value);
  return withTime(expr, { offset }, p.end);
}

function parseAt(p: Parsing, expr: Expr): Expr {
  const below = p.height;
  p.take();
  const at = p.within(atRegion, () => parseAtTime(p, expr.position));
  p.height = below;
  if (!isTimed(expr)) return p.fail(expr.position, `@ modifier ${selectorsOnly}`);
  if (timeOf(expr).at !== undefined) {
    p.fail(expr.position, "@ <timestamp> may not be set multiple times");
  }
  return withTime(expr, { at }, p.end);
}

/** Parses what follows @: a number of seconds, `start()` or `end()`. */
function parseAtTime(p: Parsing, position: Position): AtModifier {
  if (p.kind() === "word:start" || p.kind() === "word:end") {
    const kind = p.take().kind === "word:start" ? "start" : "end";
    p.expect("(");
    p.expect(")");
    return { kind };
  }
  const sign = p.accept("-") ?? p.accept("+");
  if (!isNumberAhead(p)) p.unexpected();
  const { value } = readNumber(p, p.take());
  const seconds = sign?.kind === "-" ? -value : value;
  if (!(Math.abs(seconds) < 2 ** 63)) {
    p.fail(position, `timestamp out of bounds for @ modifier: ${formatFixed(seconds)}`);
  }
  return { kind: "time", timeMs: roundAwayFromZero(seconds * 1000) };
}

function parseExtended(p: Parsing, expr: Expr): Expr {
  const word = p.take().kind === "word:anchored" ? "anchored" : "smoothed";
  if (!p.options.extendedRangeSelectors) {
    p.fail(expr.position, `${word} modifier is experimental and not enabled`);
  }
  if (expr.kind === "subquery") {
    return p.fail(expr.position, `${word} modifier is not supported for subqueries`);
  }
  if (!isTimed(expr)) return p.fail(expr.position, `${word} modifier not implemented`);
  const { extended } = timeOf(expr);
  if (extended !== undefined && extended !== word) {
    p.fail(expr.position, "anchored and smoothed modifiers cannot be used together");
  }
  return withTime(expr, { extended: word }, expr.position.end);
}

function isTimed(expr: Expr): expr is Timed {
  return (
    expr.kind === "vector-selector" || expr.kind === "matrix-selector" || expr.kind === "subquery"
  );
}

interface TimeModifiers {
  readonly offset?: Duration | undefined;
  readonly at?: AtModifier | undefined;
  readonly extended?: "anchored" | "smoothed" | undefined;
}

function timeOf(expr: Timed): TimeModifiers {
  return expr.kind === "matrix-selector" ? expr.selector : expr;
}

function withTime(expr: Timed, change: TimeModifiers, end: number): Expr {
  const position = { start: expr.position.start, end };
  if (expr.kind === "matrix-selector") {
    return { ...expr, selector: { ...expr.selector, ...change }, position };
  }
  return { ...expr, ...change, position } as Timed;
}
