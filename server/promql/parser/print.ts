import { compareUtf8, type Matcher, metricNameLabel } from "../../model/index.ts";
import type {
  Aggregate,
  AtModifier,
  Binary,
  Duration,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorMatching,
  VectorSelector,
} from "./ast.ts";
import { formatFloat, formatFloatShort, quoteString } from "./go-text.ts";

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Writes an expression as Prometheus writes it: one line, canonical, and parsed back to the
 * same tree.
 */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case "number":
      return printNumber(expr);
    case "string":
      return quoteString(expr.value);
    case "vector-selector":
      return printSelector(expr);
    case "matrix-selector":
      return printMatrix(expr);
    case "subquery":
      return printExpr(expr.expr) + printSubquerySuffix(expr);
    case "call":
      return `${expr.func}(${expr.args.map(printExpr).join(", ")})`;
    case "aggregate": {
      const param = expr.param === undefined ? "" : `${printExpr(expr.param)}, `;
      return `${printAggregateHead(expr)}(${param}${printExpr(expr.expr)})`;
    }
    case "binary":
      return `${printExpr(expr.lhs)} ${printOperator(expr)} ${printExpr(expr.rhs)}`;
    case "unary":
      return expr.op + printExpr(expr.expr);
    case "paren":
      return `(${printExpr(expr.expr)})`;
    case "step-invariant":
      return printExpr(expr.expr);
  }
}

function printNumber(expr: Pick<NumberLiteral, "value" | "duration">): string {
  if (!expr.duration) return formatFloat(expr.value);
  const sign = expr.value < 0 ? "-" : "";
  return sign + formatDuration(Math.trunc(Math.trunc(Math.abs(expr.value) * 1e9) / 1e6));
}

/** Units in ms; years and weeks only when nothing remains below them. */
const units: readonly (readonly [string, number, boolean])[] = [
  ["y", 31_536_000_000, true],
  ["w", 604_800_000, true],
  ["d", 86_400_000, false],
  ["h", 3_600_000, false],
  ["m", 60_000, false],
  ["s", 1000, false],
  ["ms", 1, false],
];

/** Writes a duration of whole ms: `1h30m`, `0s`, `-5m`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = Math.abs(ms);
  let text = ms < 0 ? "-" : "";
  for (const [unit, unitMs, exact] of units) {
    const count = Math.floor(rest / unitMs);
    if (count === 0 || (exact && rest % unitMs !== 0)) continue;
    text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}

/** Writes a duration or an expression over durations. */
export function printDuration(duration: Duration): string {
  return duration.kind === "ms" ? formatDuration(duration.ms) : printDurationExpr(duration);
}

function printDurationExpr(expr: DurationExpr): string {
  const text = printUnwrapped(expr);
  return expr.wrapped ? `(${text})` : text;
}

function printUnwrapped(expr: DurationExpr): string {
  const lhs = expr.lhs === undefined ? "" : printDurationExpr(expr.lhs);
  const rhs = expr.rhs === undefined ? "" : printDurationExpr(expr.rhs);
  switch (expr.op) {
    case "number":
      return printNumber({ value: expr.value ?? 0, duration: expr.duration ?? false });
    case "step":
    case "range":
    case "start":
    case "end":
      return `${expr.op}()`;
    case "min_of":
    case "max_of":
      return `${expr.op}(${lhs}, ${rhs})`;
    case "neg":
      return `-${rhs}`;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "^":
      return `${lhs} ${expr.op} ${rhs}`;
  }
}

function printAt(at: AtModifier | undefined): string {
  if (at === undefined) return "";
  return at.kind === "time" ? ` @ ${(at.timeMs / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
}

function printOffset(offset: Duration | undefined): string {
  return offset === undefined ? "" : ` offset ${printDuration(offset)}`;
}

function printExtended(selector: VectorSelector): string {
  return selector.extended === undefined ? "" : ` ${selector.extended}`;
}

/** Writes a matcher; names that need quotes get them. */
export function printMatcher(matcher: Matcher): string {
  const name = labelName.test(matcher.name) ? matcher.name : quoteString(matcher.name);
  return name + matcher.type + quoteString(matcher.value);
}

function printSeries(selector: VectorSelector): string {
  const { name, matchers } = selector;
  const texts = matchers
    .filter((matcher) => !isNameOf(matcher, name))
    .map(printMatcher)
    .sort(compareUtf8);
  return texts.length === 0 ? name : `${name}{${texts.join(",")}}`;
}

function isNameOf(matcher: Matcher, name: string): boolean {
  const { type, value } = matcher;
  return matcher.name === metricNameLabel && type === "=" && value === name && name !== "";
}

function printSelector(expr: VectorSelector): string {
  return printSeries(expr) + printAt(expr.at) + printExtended(expr) + printOffset(expr.offset);
}

function printMatrix(expr: MatrixSelector): string {
  const { selector } = expr;
  const range = `[${printDuration(expr.range)}]${printExtended(selector)}`;
  return printSeries(selector) + range + printAt(selector.at) + printOffset(selector.offset);
}

/** Writes what follows the expression of a subquery. */
export function printSubquerySuffix(expr: Subquery): string {
  const step = expr.step === undefined ? "" : printDuration(expr.step);
  return `[${printDuration(expr.range)}:${step}]${printAt(expr.at)}${printOffset(expr.offset)}`;
}

/** Writes an aggregation up to its opening parenthesis. */
export function printAggregateHead(expr: Aggregate): string {
  if (expr.without) return `${expr.op} without (${printLabels(expr.grouping)}) `;
  return expr.grouping.length === 0 ? expr.op : `${expr.op} by (${printLabels(expr.grouping)}) `;
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (labelName.test(label) ? label : quoteString(label))).join(", ");
}

/** Writes a binary operator with its modifiers. */
export function printOperator(expr: Binary): string {
  const bool = expr.returnBool ? " bool" : "";
  return expr.op + bool + (expr.matching === undefined ? "" : printMatching(expr.matching));
}

function printMatching(matching: VectorMatching): string {
  const grouped = matching.card === "many-to-one" || matching.card === "one-to-many";
  let text = "";
  if (matching.labels.length > 0 || matching.on || grouped) {
    text += ` ${matching.on ? "on" : "ignoring"} (${printLabels(matching.labels)})`;
  }
  if (grouped) {
    const side = matching.card === "many-to-one" ? "left" : "right";
    text += ` group_${side} (${printLabels(matching.include)})`;
  }
  return text + printFills(matching);
}

function printFills(matching: VectorMatching): string {
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== undefined && fillLeft === fillRight) {
    return ` fill (${formatFloatShort(fillLeft)})`;
  }
  const left = fillLeft === undefined ? "" : ` fill_left (${formatFloatShort(fillLeft)})`;
  const right = fillRight === undefined ? "" : ` fill_right (${formatFloatShort(fillRight)})`;
  return left + right;
}
