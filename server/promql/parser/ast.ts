/**
 * The typed syntax tree of PromQL 3.14. Nodes are plain immutable values; positions are
 * UTF-8 byte offsets into the query text, as in Prometheus's messages. Every node kind of the
 * whole language stands here.
 */
import type { Matcher } from "../../model/index.ts";

/** Half-open range of byte offsets. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

/** Type of an expression's value. */
export type ValueType = "none" | "scalar" | "string" | "vector" | "matrix";

/** Any expression. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren
  | StepInvariant;

/** A number; `duration` is true when it was written as a duration, and the value is in seconds. */
export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
  readonly duration: boolean;
  readonly position: Position;
}

/** A string. */
export interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
  readonly position: Position;
}

/** A duration: a constant in ms, or an expression that is evaluated when the query's step and range are known. */
export type Duration = { readonly kind: "ms"; readonly ms: number } | DurationExpr;

/** Arithmetic over durations, such as `5m * 2`, `step()`, `min_of(step(), 5m)`. */
export interface DurationExpr {
  readonly kind: "duration-expr";
  readonly op:
    | "+"
    | "-"
    | "*"
    | "/"
    | "%"
    | "^"
    | "neg"
    | "step"
    | "range"
    | "start"
    | "end"
    | "min_of"
    | "max_of"
    | "number";
  /** Seconds, when op is "number". */
  readonly value?: number;
  readonly lhs?: DurationExpr;
  readonly rhs?: DurationExpr;
  /** True when op is "number" and the source had a unit, such as `5m`; kept for printing. */
  readonly duration?: boolean;
  /** True when the source had parentheses around it; kept for printing. */
  readonly wrapped?: boolean;
  /** True when the source had a plus sign before it; it changes nothing. */
  readonly plus?: boolean;
  readonly position: Position;
}

/** Time modifier: a fixed time, or the start or end of the query. */
export type AtModifier =
  | { readonly kind: "time"; readonly timeMs: number }
  | { readonly kind: "start" | "end" };

/** `up{job="api"} offset 5m @ end()`. The metric name is also among the matchers. */
export interface VectorSelector {
  readonly kind: "vector-selector";
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly offset: Duration | undefined;
  readonly at: AtModifier | undefined;
  /** `anchored` or `smoothed`, when given. */
  readonly extended: "anchored" | "smoothed" | undefined;
  /** Set by the planner where of histograms only count and sum are looked at. */
  readonly statisticsOnly?: true;
  readonly position: Position;
}

/** `up[5m]`; offset, @ and extended stand on the selector inside. */
export interface MatrixSelector {
  readonly kind: "matrix-selector";
  readonly selector: VectorSelector;
  readonly range: Duration;
  readonly position: Position;
}

/** `expr[1h:5m] offset 1h @ 0`. */
export interface Subquery {
  readonly kind: "subquery";
  readonly expr: Expr;
  readonly range: Duration;
  /** Undefined: the default evaluation interval. */
  readonly step: Duration | undefined;
  readonly offset: Duration | undefined;
  readonly at: AtModifier | undefined;
  readonly position: Position;
}

/** A function call. */
export interface Call {
  readonly kind: "call";
  readonly func: string;
  readonly args: readonly Expr[];
  readonly position: Position;
}

/** All aggregation operators. */
export type AggregateOp =
  | "sum"
  | "avg"
  | "count"
  | "min"
  | "max"
  | "group"
  | "stddev"
  | "stdvar"
  | "topk"
  | "bottomk"
  | "count_values"
  | "quantile"
  | "limitk"
  | "limit_ratio";

/** `sum by (job) (x)`, `topk(3, x)`. */
export interface Aggregate {
  readonly kind: "aggregate";
  readonly op: AggregateOp;
  readonly expr: Expr;
  readonly param: Expr | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly position: Position;
}

/** All binary operators. */
export type BinaryOp =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | "atan2"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or"
  | "unless"
  | "</"
  | ">/";

/** How vectors find each other. */
export interface VectorMatching {
  readonly card: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  readonly labels: readonly string[];
  /** True for `on`, false for `ignoring` and for neither. */
  readonly on: boolean;
  /** Labels of group_left or group_right. */
  readonly include: readonly string[];
  /** Values of fill_left, fill_right or fill, when given. */
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

/** `a + on (x) b`. */
export interface Binary {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  /** Set exactly when both sides are vectors. */
  readonly matching: VectorMatching | undefined;
  readonly returnBool: boolean;
  readonly position: Position;
}

/** `-x`, `+x`. */
export interface Unary {
  readonly kind: "unary";
  readonly op: "+" | "-";
  readonly expr: Expr;
  readonly position: Position;
}

/** `(x)`. */
export interface Paren {
  readonly kind: "paren";
  readonly expr: Expr;
  readonly position: Position;
}

/** Put in by the planner around what has the same value at every step. Never parsed. */
export interface StepInvariant {
  readonly kind: "step-invariant";
  readonly expr: Expr;
  readonly position: Position;
}
