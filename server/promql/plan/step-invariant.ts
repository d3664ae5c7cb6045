import type { Expr } from "../parser/index.ts";
import { mapChildren } from "./rewrite.ts";

/** Functions whose result changes with the evaluation time though their arguments do not. */
const timeDependent: ReadonlySet<string> = new Set(
  (
    "days_in_month day_of_month day_of_week day_of_year hour minute month year " +
    "predict_linear time timestamp"
  ).split(" "),
);

interface Marked {
  readonly expr: Expr;
  /** The value is the same at every step. */
  readonly invariant: boolean;
  /** It is worth a node of its own: literals and raw ranges are not. */
  readonly wrappable: boolean;
}

/** Wraps the highest parts of the tree whose value does not depend on the step. */
export function markStepInvariant(expr: Expr): Expr {
  const marked = mark(expr);
  return wrapped(marked);
}

function wrapped({ expr, invariant, wrappable }: Marked): Expr {
  if (!invariant || !wrappable) return expr;
  return { kind: "step-invariant", expr, position: expr.position };
}

function mark(expr: Expr): Marked {
  switch (expr.kind) {
    case "number":
    case "string":
      return { expr, invariant: true, wrappable: false };
    case "vector-selector":
      return { expr, invariant: expr.at !== undefined, wrappable: true };
    case "matrix-selector":
      return { expr, invariant: expr.selector.at !== undefined, wrappable: false };
    case "subquery": {
      const inner = wrapped(mark(expr.expr));
      return { expr: { ...expr, expr: inner }, invariant: expr.at !== undefined, wrappable: false };
    }
    default:
      return markInner(expr);
  }
}

/** Nodes that are invariant when all children are; else each invariant child is wrapped. */
function markInner(expr: Expr): Marked {
  const marks: Marked[] = [];
  const whole = mapChildren(expr, (child) => {
    const marked = mark(child);
    marks.push(marked);
    return marked.expr;
  });
  const blocked = expr.kind === "call" && timeDependent.has(expr.func);
  if (!blocked && marks.length > 0 && marks.every((child) => child.invariant)) {
    return { expr: whole, invariant: true, wrappable: true };
  }
  let next = 0;
  const parts = mapChildren(expr, () => wrapped(marks[next++] as Marked));
  return { expr: parts, invariant: false, wrappable: false };
}
