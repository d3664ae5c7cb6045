import {
  children,
  type Expr,
  parseExpr,
  printExpr,
  valueType,
} from "../../../server/promql/index.ts";
import { mapChildren } from "../../../server/promql/plan/rewrite.ts";

/** Everything that the language has is on: what is reduced has been generated. */
const parseOptions = {
  ...{ experimentalFunctions: true, durationExpressions: true, fillModifiers: true },
} as const;

/**
 * The smallest query that still differs, found by trying ever smaller ones: parts stand for
 * their whole, modifiers and matchers go. `differs` asks the servers.
 */
export async function reduceQuery(
  query: string,
  differs: (query: string) => Promise<boolean>,
): Promise<string> {
  let smallest = query;
  for (let attempts = 0, found = true; found && attempts < 300; ) {
    found = false;
    for (const candidate of smallerQueries(smallest)) {
      attempts++;
      if (!(await differs(candidate))) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}

function smallerQueries(query: string): readonly string[] {
  let expr: Expr;
  try {
    expr = parseExpr(query, parseOptions);
  } catch {
    return [];
  }
  const texts = new Set<string>();
  for (const smaller of reductions(expr)) {
    const text = printExpr(smaller);
    if (text.length < query.length) texts.add(text);
  }
  return [...texts].sort((a, b) => a.length - b.length);
}

function* reductions(expr: Expr): Generator<Expr> {
  for (const child of children(expr)) yield child;
  yield* withoutParts(expr);
  const parts = children(expr);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Expr;
    for (const smaller of reductions(part)) {
      if (valueType(smaller) !== valueType(part)) continue;
      let at = 0;
      yield mapChildren(expr, (child) => (at++ === i ? smaller : child));
    }
  }
}

function* withoutParts(expr: Expr): Generator<Expr> {
  if (expr.kind === "vector-selector") {
    if (expr.offset !== undefined) yield { ...expr, offset: undefined };
    if (expr.at !== undefined) yield { ...expr, at: undefined };
    const removable = expr.matchers.filter(({ name }) => name !== "__name__");
    for (const gone of removable) {
      yield { ...expr, matchers: expr.matchers.filter((matcher) => matcher !== gone) };
    }
  } else if (expr.kind === "matrix-selector") {
    for (const selector of withoutParts(expr.selector)) {
      if (selector.kind === "vector-selector") yield { ...expr, selector };
    }
  } else if (expr.kind === "subquery") {
    if (expr.offset !== undefined) yield { ...expr, offset: undefined };
    if (expr.at !== undefined) yield { ...expr, at: undefined };
  } else if (expr.kind === "aggregate" && expr.grouping.length > 0) {
    for (const gone of expr.grouping) {
      yield { ...expr, grouping: expr.grouping.filter((name) => name !== gone) };
    }
  }
}
