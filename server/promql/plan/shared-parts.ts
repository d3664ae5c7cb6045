import { children, type Expr, valueType } from "../parser/index.ts";

/** Which parts of a tree are the same and stand on the same grid, so that one evaluation does. */
export interface SharedParts {
  /** The key of a part that stands more than once in the tree, else undefined. */
  keyOf(expr: Expr): string | undefined;
  /** How many places use the part. */
  uses(key: string): number;
}

/**
 * Finds equal parts. The key of a part is its tree with places relative to its own start, so
 * parts share only when their remarks stand at the same relative places too; and the chain of
 * subqueries and invariant marks above it, which decides the grid. Inside a part that is found
 * again nothing is counted twice.
 */
export function findSharedParts(root: Expr): SharedParts {
  const counts = new Map<string, number>();
  const keys = new Map<Expr, string>();
  const visit = (expr: Expr, grid: string): void => {
    if (mayShare(expr)) {
      const key = `${grid}|${printRelative(expr)}`;
      keys.set(expr, key);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count > 1) return;
    }
    for (const child of children(expr)) visit(child, innerGrid(expr, grid));
  };
  visit(root, "");
  return {
    keyOf(expr) {
      const key = keys.get(expr);
      return key !== undefined && (counts.get(key) ?? 0) > 1 ? key : undefined;
    },
    uses: (key) => counts.get(key) ?? 0,
  };
}

function mayShare(expr: Expr): boolean {
  return expr.kind !== "number" && expr.kind !== "string" && valueType(expr) === "vector";
}

function innerGrid(expr: Expr, grid: string): string {
  if (expr.kind === "step-invariant") return `${grid}/first`;
  if (expr.kind !== "subquery") return grid;
  const { range, step, offset, at } = expr;
  return `${grid}/${JSON.stringify([range, step, offset, at])}`;
}

function printRelative(expr: Expr): string {
  const origin = expr.position.start;
  return JSON.stringify(expr, (key: string, value: unknown) => {
    if (key === "position") {
      const { start, end } = value as Expr["position"];
      return [start - origin, end - origin];
    }
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  });
}
