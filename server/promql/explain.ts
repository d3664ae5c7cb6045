import type { OperatorCost, Profile } from "./operators/profile.ts";
import { children, type Expr } from "./parser/index.ts";
import { durationMs } from "./plan/durations.ts";
import type { Plan } from "./plan/plan.ts";

/** An operator of a planned query, with what it reads from. */
export interface PlanNode {
  /** Kind of the operator, with the name of a function, an aggregation or an operation. */
  readonly operator: string;
  /** The part of the query's text that it evaluates; long ones are cut. */
  readonly expression: string;
  readonly inputs: readonly PlanNode[];
  /** What else is known, for people. */
  readonly remarks: readonly string[];
  readonly cost: Readonly<OperatorCost> | undefined;
}

/** Bytes of an expression that are shown. */
const expressionSizeBytesMax = 256;

/** The tree of a plan; `text` is the query that the plan was made of. */
export function explainPlan(plan: Plan, text: string, profile: Profile | undefined): PlanNode {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const node = (expr: Expr): PlanNode => {
    const { start, end } = expr.position;
    const shown = bytes.subarray(start, Math.min(end, start + expressionSizeBytesMax));
    return {
      operator: operatorOf(expr),
      expression: decoder.decode(shown),
      inputs: children(expr).map(node),
      remarks: remarksOf(expr, plan),
      cost: profile?.costOf(expr),
    };
  };
  return node(plan.root);
}

function operatorOf(expr: Expr): string {
  switch (expr.kind) {
    case "call":
      return `call ${expr.func}`;
    case "aggregate":
    case "binary":
    case "unary":
      return `${expr.kind} ${expr.op}`;
    default:
      return expr.kind;
  }
}

function remarksOf(expr: Expr, { shared }: Plan): string[] {
  const remarks: string[] = [];
  const key = shared.keyOf(expr);
  if (key !== undefined) remarks.push(`evaluated once for ${shared.uses(key)} places`);
  if (expr.kind === "step-invariant") remarks.push("evaluated at the first step alone");
  if (expr.kind === "matrix-selector") remarks.push(`range ${durationMs(expr.range)} ms`);
  if (expr.kind === "vector-selector" || expr.kind === "subquery") {
    if (expr.offset !== undefined) remarks.push(`offset ${durationMs(expr.offset)} ms`);
    if (expr.at?.kind === "time") remarks.push(`at ${new Date(expr.at.timeMs).toISOString()}`);
  }
  return remarks;
}
