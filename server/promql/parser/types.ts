import { metricNameLabel } from "../../model/index.ts";
import type {
  Aggregate,
  Binary,
  Call,
  Expr,
  Position,
  ValueType,
  VectorMatching,
  VectorSelector,
} from "./ast.ts";
import { valueType } from "./ast-walk.ts";
import { quoteString } from "./go-text.ts";
import { matchesEmpty } from "./parse-labels.ts";
import type { Parsing } from "./parsing.ts";
import { type FunctionSignature, signatures } from "./signatures.ts";

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const setOperators: ReadonlySet<string> = new Set(["and", "or", "unless"]);

/** Types as the documentation calls them. */
const typeNames: Readonly<Record<ValueType, string>> = {
  none: "none",
  scalar: "scalar",
  string: "string",
  vector: "instant vector",
  matrix: "range vector",
};

/**
 * Checks the types in a freshly parsed tree and finishes its binary operations: only those of
 * two vectors keep their matching, and set operators match many to many. The tree must not be
 * shared yet.
 * @throws PromqlError at the first fault, in the order in which Prometheus looks.
 */
export function checkTypes(expr: Expr, p: Parsing): ValueType {
  switch (expr.kind) {
    case "aggregate":
      return checkAggregate(expr, p);
    case "binary":
      return checkBinary(expr, p);
    case "call":
      return checkCall(expr, p);
    case "unary":
      return checkUnary(expr, p);
    case "subquery": {
      const type = checkTypes(expr.expr, p);
      if (type !== "vector") {
        refuse(p, expr, `subquery is only allowed on instant vector, got ${type} instead`);
      }
      return "matrix";
    }
    case "matrix-selector":
      checkSelector(expr.selector, p, false);
      return "matrix";
    case "vector-selector":
      checkSelector(expr, p, false);
      return "vector";
    case "paren":
      return checkTypes(expr.expr, p);
    case "number":
    case "string":
    case "step-invariant":
      return valueType(expr);
  }
}

function refuse(p: Parsing, at: { readonly position: Position }, reason: string): never {
  return p.fail(at.position, reason, "type");
}

function checkUnary(expr: Expr & { kind: "unary" }, p: Parsing): ValueType {
  const type = checkTypes(expr.expr, p);
  if (type !== "scalar" && type !== "vector") {
    const allowed = "unary expression only allowed on expressions of type scalar or instant vector";
    refuse(p, expr, `${allowed}, got "${typeNames[type]}"`);
  }
  return type;
}

interface Expected {
  readonly type: ValueType;
  readonly in: string;
}

function expectType(p: Parsing, expr: Expr, expected: Expected): void {
  const type = checkTypes(expr, p);
  if (type === expected.type) return;
  const wanted = `expected type ${typeNames[expected.type]} in ${expected.in}`;
  refuse(p, expr, `${wanted}, got ${typeNames[type]}`);
}

function checkAggregate(expr: Aggregate, p: Parsing): ValueType {
  expectType(p, expr.expr, { type: "vector", in: "aggregation expression" });
  if (expr.param !== undefined) {
    const type = expr.op === "count_values" ? "string" : "scalar";
    expectType(p, expr.param, { type, in: "aggregation parameter" });
  }
  return "vector";
}

function checkCall(expr: Call, p: Parsing): ValueType {
  const signature = signatures.get(expr.func);
  if (signature === undefined) return "none";
  checkArgumentCount(expr, signature, p);
  const labelsOnly = expr.func === "info" ? checkInfoLabels(expr, p) : undefined;
  for (const [i, arg] of expr.args.entries()) {
    if (arg === labelsOnly) {
      checkSelector(labelsOnly, p, true);
      continue;
    }
    const type = signature.argTypes[Math.min(i, signature.argTypes.length - 1)];
    if (type !== undefined) {
      expectType(p, arg, { type, in: `call to function ${quoteString(expr.func)}` });
    }
  }
  return signature.returnType;
}

function checkArgumentCount(expr: Call, signature: FunctionSignature, p: Parsing): void {
  const { argTypes, variadic, name } = signature;
  const count = expr.args.length;
  const required = variadic === 0 ? argTypes.length : argTypes.length - 1;
  const most = required + variadic;
  let wanted: string | undefined;
  if (variadic === 0 && count !== required) wanted = `expected ${required}`;
  else if (count < required) wanted = `expected at least ${required}`;
  else if (variadic > 0 && count > most) wanted = `expected at most ${most}`;
  if (wanted !== undefined) {
    refuse(p, expr, `${wanted} argument(s) in call to ${quoteString(name)}, got ${count}`);
  }
}

/** The second argument of info() is a selector without a name that may match every series. */
function checkInfoLabels(expr: Call, p: Parsing): VectorSelector | undefined {
  const labels = expr.args[1];
  if (labels === undefined) return undefined;
  const type = valueType(labels);
  if (type !== "vector") {
    const wanted = `expected type ${typeNames.vector} in call to function "info"`;
    refuse(p, expr, `${wanted}, got ${typeNames[type]}`);
  }
  if (labels.kind !== "vector-selector") return refuse(p, labels, "expected label selectors only");
  if (labels.name !== "") {
    refuse(p, labels, "expected label selectors only, got vector selector instead");
  }
  return labels;
}

function checkSelector(selector: VectorSelector, p: Parsing, emptyAllowed: boolean): void {
  const { name, matchers } = selector;
  if (name !== "") {
    const other = matchers.slice(0, -1).find((matcher) => matcher.name === metricNameLabel);
    if (other !== undefined) {
      const both = `${quoteString(name)} or ${quoteString(other.value)}`;
      refuse(p, selector, `metric name must not be set twice: ${both}`);
    }
  } else if (!emptyAllowed && matchers.every(matchesEmpty)) {
    refuse(p, selector, "vector selector must contain at least one non-empty matcher");
  }
}

function checkBinary(expr: Binary, p: Parsing): ValueType {
  const lhs = checkTypes(expr.lhs, p);
  const rhs = checkTypes(expr.rhs, p);
  checkOperator(expr, { lhs, rhs }, p);
  requireOperand(lhs, expr.lhs, p);
  requireOperand(rhs, expr.rhs, p);
  finishMatching(expr, checkMatching(expr, lhs === "vector" && rhs === "vector", p));
  if (setOperators.has(expr.op) && (lhs === "scalar" || rhs === "scalar")) {
    refuse(p, expr, `set operator "${expr.op}" not allowed in binary scalar expression`);
  }
  return lhs === "scalar" && rhs === "scalar" ? "scalar" : "vector";
}

interface Sides {
  readonly lhs: ValueType;
  readonly rhs: ValueType;
}

function checkOperator(expr: Binary, sides: Sides, p: Parsing): void {
  const comparison = comparisons.has(expr.op);
  if (expr.returnBool && !comparison) {
    p.fail(
      operatorPosition(expr, p),
      "bool modifier can only be used on comparison operators",
      "type",
    );
  }
  if (comparison && !expr.returnBool && sides.lhs === "scalar" && sides.rhs === "scalar") {
    p.fail(operatorPosition(expr, p), "comparisons between scalars must use BOOL modifier", "type");
  }
  const { matching } = expr;
  const twice = matching?.on && matching.labels.find((label) => matching.include.includes(label));
  if (typeof twice === "string") {
    const reason = `label ${quoteString(twice)} must not occur in ON and GROUP clause at once`;
    p.fail(operatorPosition(expr, p), reason, "type");
  }
}

function requireOperand(type: ValueType, side: Expr, p: Parsing): void {
  if (type === "scalar" || type === "vector") return;
  refuse(p, side, "binary expression must contain only scalar and instant vector types");
}

/** The matching that the operation really has. */
function checkMatching(expr: Binary, vectors: boolean, p: Parsing): VectorMatching | undefined {
  const { matching } = expr;
  if (matching === undefined) return undefined;
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (!vectors) {
    if (matching.labels.length > 0) {
      refuse(p, expr, "vector matching only allowed between instant vectors");
    }
    if (filled) {
      refuse(p, expr, "filling in missing series only allowed between instant vectors");
    }
    return undefined;
  }
  if (!setOperators.has(expr.op)) return matching;
  if (matching.card !== "one-to-one") {
    refuse(p, expr, `no grouping allowed for "${expr.op}" operation`);
  }
  if (filled) refuse(p, expr, "filling in missing series not allowed for set operators");
  return { ...matching, card: "many-to-many" };
}

function finishMatching(expr: Binary, matching: VectorMatching | undefined): void {
  (expr as { matching: VectorMatching | undefined }).matching = matching;
}

/** From the operator up to the right side, without the blanks around. */
function operatorPosition(expr: Binary, p: Parsing): Position {
  const bytes = new TextEncoder().encode(p.source.text);
  let start = expr.lhs.position.end;
  let end = expr.rhs.position.start - 1;
  while (isBlank(bytes[start])) start++;
  while (isBlank(bytes[end])) end--;
  return { start, end };
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
