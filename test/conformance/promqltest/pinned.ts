import { children, type Expr, parseExpr, printExpr } from "../../../server/promql/index.ts";

/** Switches with which Prometheus parses its scripts: all on. */
export const scriptParseOptions = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
} as const;

/** Functions whose value may change with the time of evaluation though all selectors are pinned. */
const timeDependent: ReadonlySet<string> = new Set(
  (
    "days_in_month day_of_month day_of_week day_of_year hour minute month year " +
    "predict_linear time timestamp start_timestamp start end range step"
  ).split(" "),
);

/** A text that must give the same answer at `timeMs`. */
export interface PinnedQuery {
  readonly query: string;
  readonly timeMs: number;
}

/**
 * The query with every selector pinned to `timeMs` by `@`, at several times: all must answer like
 * the query itself. None when a function looks at the time.
 */
export function pinnedQueries(query: string, timeMs: number): readonly PinnedQuery[] {
  const expr = parseExpr(query, scriptParseOptions);
  if (dependsOnTime(expr)) return [];
  const pinned = printExpr(pin(expr, timeMs));
  const times =
    timeMs === 0 ? [-1000, 0, 1000] : [-10 * timeMs, 0, timeMs / 5, timeMs, 10 * timeMs];
  return times.map((at) => ({ query: pinned, timeMs: Math.trunc(at) }));
}

/** True when the query asks for its own start, end, range or step: a range query has others. */
export function asksForItsTimes(query: string): boolean {
  return /(start|end|range|step)\(\)/.test(query);
}

function dependsOnTime(expr: Expr): boolean {
  return (
    (expr.kind === "call" && timeDependent.has(expr.func)) || children(expr).some(dependsOnTime)
  );
}

function pin(expr: Expr, timeMs: number): Expr {
  const at = { kind: "time", timeMs } as const;
  const inner = (child: Expr): Expr => pin(child, timeMs);
  switch (expr.kind) {
    case "number":
    case "string":
      return expr;
    case "vector-selector":
      return expr.at === undefined ? { ...expr, at } : expr;
    case "matrix-selector":
      return expr.selector.at === undefined
        ? { ...expr, selector: { ...expr.selector, at } }
        : expr;
    // Selectors inside of a subquery look at its steps; pinning the subquery is enough.
    case "subquery":
      return expr.at === undefined ? { ...expr, at } : expr;
    case "call":
      return { ...expr, args: expr.args.map(inner) };
    case "aggregate":
      return { ...expr, expr: inner(expr.expr), param: expr.param && inner(expr.param) };
    case "binary":
      return { ...expr, lhs: inner(expr.lhs), rhs: inner(expr.rhs) };
    default:
      return { ...expr, expr: inner(expr.expr) };
  }
}
