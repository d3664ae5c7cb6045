import { children, type Expr, type Position } from "../parser/index.ts";

/** Tells of a remark's place when its part of the query is evaluated: greater is later. */
export type EvaluationOrder = (position: Position) => number;

/**
 * The order in which Prometheus evaluates a query: what is below before what is above, left
 * before right, but of a function's arguments the subquery first. A remark with the place of an
 * argument is made by the function or aggregation above it. Places that are unknown come first.
 */
export function evaluationOrder(root: Expr): EvaluationOrder {
  let ranks: ReadonlyMap<string, number> | undefined;
  return (position) => {
    // Few queries make the same remark twice, so the tree is walked when it is needed.
    ranks ??= rankPlaces(root);
    return ranks.get(keyOf(position)) ?? -1;
  };
}

const keyOf = ({ start, end }: Position): string => `${start}:${end}`;

function rankPlaces(root: Expr): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  let next = 0;
  const visit = (expr: Expr): void => {
    const below = children(expr);
    const subqueries = below.filter((child) => expr.kind === "call" && isSubquery(child));
    for (const child of subqueries) visit(child);
    for (const child of below) if (!subqueries.includes(child)) visit(child);
    const rank = next++;
    ranks.set(keyOf(expr.position), rank);
    if (expr.kind !== "call" && expr.kind !== "aggregate") return;
    for (const { position } of below) ranks.set(keyOf(position), rank);
    // A subquery has no place of its own in remarks.
    if (subqueries.length > 0) ranks.set(keyOf({ start: 0, end: 0 }), rank);
  };
  visit(root);
  return ranks;
}

function isSubquery(expr: Expr): boolean {
  return expr.kind === "step-invariant" ? isSubquery(expr.expr) : expr.kind === "subquery";
}
