import type { DurationExpr, Expr, VectorSelector, Duration } from "../parser/index.ts";
import { executionError } from "../query-error.ts";
import { mapChildren } from "./rewrite.ts";

/** What durations and @ may refer to: the query as it was asked. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  /** Zero in an instant query. */
  readonly stepMs: number;
}

/**
 * Replaces duration expressions by their values and `@ start()`, `@ end()` by times. After it
 * every duration in the tree has kind "ms". Throws when a range or a step is not above zero.
 */
export function resolveTimes(expr: Expr, times: QueryTimes): Expr {
  const resolve = (node: Expr): Expr => {
    switch (node.kind) {
      case "vector-selector":
        return resolveSelector(node, times);
      case "matrix-selector":
        return {
          ...node,
          selector: resolveSelector(node.selector, times),
          range: positive(node.range, times, "range"),
        };
      case "subquery":
        return {
          ...node,
          expr: resolve(node.expr),
          range: positive(node.range, times, "range"),
          step: node.step === undefined ? undefined : positive(node.step, times, "step"),
          offset: constant(node.offset, times),
          at: resolveAt(node.at, times),
        };
      default:
        return mapChildren(node, resolve);
    }
  };
  return resolve(expr);
}

/** Milliseconds of a duration that `resolveTimes` has treated; absent means zero. */
export function durationMs(duration: Duration | undefined): number {
  return duration?.kind === "ms" ? duration.ms : 0;
}

function resolveSelector(node: VectorSelector, times: QueryTimes): VectorSelector {
  if (node.offset === undefined && node.at === undefined) return node;
  return { ...node, offset: constant(node.offset, times), at: resolveAt(node.at, times) };
}

function resolveAt(at: VectorSelector["at"], times: QueryTimes): VectorSelector["at"] {
  if (at === undefined || at.kind === "time") return at;
  return { kind: "time", timeMs: at.kind === "start" ? times.startMs : times.endMs };
}

function constant(duration: Duration | undefined, times: QueryTimes): Duration | undefined {
  if (duration === undefined || duration.kind === "ms") return duration;
  return { kind: "ms", ms: toMilliseconds(seconds(duration, times)) };
}

function positive(duration: Duration, times: QueryTimes, what: string): Duration {
  const resolved = constant(duration, times) as Duration;
  if (durationMs(resolved) > 0 || duration.kind === "ms") return resolved;
  throw executionError(`duration must be greater than 0 for a ${what}`);
}

function toMilliseconds(value: number): number {
  if (!(Math.abs(value) < 2 ** 63 / 1e9)) throw executionError("duration out of range");
  return Math.trunc(Math.trunc(value * 1e9) / 1e6);
}

function seconds(node: DurationExpr, times: QueryTimes): number {
  const { op } = node;
  if (op === "number") return node.value ?? 0;
  if (op === "step") return times.stepMs / 1000;
  if (op === "range") return (times.endMs - times.startMs) / 1000;
  if (op === "start") return times.startMs / 1000;
  if (op === "end") return times.endMs / 1000;
  const lhs = node.lhs === undefined ? 0 : seconds(node.lhs, times);
  const rhs = node.rhs === undefined ? 0 : seconds(node.rhs, times);
  return combine(op, lhs, rhs);
}

function combine(op: DurationExpr["op"], lhs: number, rhs: number): number {
  switch (op) {
    case "+":
      return lhs + rhs;
    case "-":
      return lhs - rhs;
    case "*":
      return lhs * rhs;
    case "/":
      if (rhs === 0) throw executionError("division by zero");
      return lhs / rhs;
    case "%":
      if (rhs === 0) throw executionError("modulo by zero");
      return lhs % rhs;
    case "^":
      return lhs ** rhs;
    case "min_of":
      return Math.min(lhs, rhs);
    case "max_of":
      return Math.max(lhs, rhs);
    default:
      return -rhs;
  }
}
