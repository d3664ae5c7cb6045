import type { Duration, DurationExpr, Position } from "./ast.ts";
import { roundAwayFromZero } from "./go-text.ts";
import { durationMs, numberValue, secondsOf } from "./literals.ts";
import type { Parsing } from "./parsing.ts";
import type { Token, TokenKind } from "./token.ts";

const strengths: ReadonlyMap<TokenKind, number> = new Map([
  ["+", 1],
  ["-", 1],
  ["*", 2],
  ["/", 2],
  ["%", 2],
  ["^", 3],
]);
const powerStrength = 3;

/** Seconds that fit 63 bits of nanoseconds. */
const secondsMax = 2 ** 63 / 1e9;

/** A number or duration literal as it stands in the text. */
export interface NumberToken {
  readonly value: number;
  readonly duration: boolean;
  readonly position: Position;
}

/** Reads the value of a number or duration token; a duration's value is in seconds. */
export function readNumber(p: Parsing, token: Token): NumberToken {
  const duration = token.kind === "duration";
  const literal = duration ? durationMs(token.text) : numberValue(token.text);
  if ("fault" in literal) return p.fail(token, literal.fault);
  p.grow(0);
  const value = duration ? secondsOf(literal.value) : literal.value;
  return { value, duration, position: { start: token.start, end: token.end } };
}

/** True when the token ahead is a number or a duration. */
export function isNumberAhead(p: Parsing): boolean {
  return p.kind() === "number" || p.kind() === "duration";
}

/** Parses a duration or an expression over durations, as between brackets. */
export function parseDurationExpr(p: Parsing, strengthMin = 1): DurationExpr {
  return p.nested(() => continueDuration(p, parseOperand(p), strengthMin));
}

function continueDuration(p: Parsing, first: DurationExpr, strengthMin: number): DurationExpr {
  let lhs = first;
  let height = p.height;
  for (;;) {
    const strength = strengths.get(p.kind()) ?? 0;
    if (strength < strengthMin || strength === 0) return lhs;
    const op = p.take();
    const rhs = parseDurationExpr(p, strength === powerStrength ? strength : strength + 1);
    requireSwitch(p, lhs);
    refuseZero(p, op, rhs);
    p.grow(Math.max(height, p.height));
    height = p.height;
    lhs = {
      kind: "duration-expr",
      op: op.kind as DurationExpr["op"],
      lhs,
      rhs,
      position: { start: lhs.position.start, end: rhs.position.end },
    };
  }
}

function refuseZero(p: Parsing, op: Token, rhs: DurationExpr): void {
  if (rhs.op !== "number" || rhs.value !== 0) return;
  if (op.kind === "/") p.fail(op, "division by zero");
  if (op.kind === "%") p.fail(op, "modulo by zero");
}

function parseOperand(p: Parsing): DurationExpr {
  const token = p.peek();
  if (token.kind === "(") return parseParen(p);
  if (isNumberAhead(p)) return parseLiteral(p);
  if (token.kind === "+" || token.kind === "-") {
    p.take();
    return applySign(p, token, parseDurationExpr(p, powerStrength));
  }
  const call = parseRangeCall(p);
  requireSwitch(p, call);
  return call;
}

function parseLiteral(p: Parsing): DurationExpr {
  const number = readNumber(p, p.take());
  requireInRange(p, number.position, number.value);
  return literal(number);
}

function literal(number: NumberToken): DurationExpr {
  return { kind: "duration-expr", op: "number", ...number };
}

function parseParen(p: Parsing): DurationExpr {
  p.expect("(");
  const inner = parseDurationExpr(p);
  p.expect(")");
  requireSwitch(p, inner);
  return inner.op === "number" ? inner : { ...inner, wrapped: true };
}

/** `step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`. */
function parseRangeCall(p: Parsing): DurationExpr {
  const { kind, start } = p.peek();
  if (kind === "word:step" || kind === "word:range") {
    p.take();
    p.expect("(");
    const { end } = p.expect(")");
    p.grow(0);
    const op = kind === "word:step" ? "step" : "range";
    return { kind: "duration-expr", op, position: { start, end } };
  }
  if (kind !== "word:min_of" && kind !== "word:max_of") return p.unexpected();
  p.take();
  p.expect("(");
  const lhs = parseDurationExpr(p);
  const height = p.height;
  p.expect(",");
  const rhs = parseDurationExpr(p);
  p.expect(")");
  p.grow(Math.max(height, p.height));
  const op = kind === "word:min_of" ? "min_of" : "max_of";
  // Its position is that of its arguments: so are Prometheus's messages.
  const position = { start: lhs.position.start, end: rhs.position.end };
  return { kind: "duration-expr", op, lhs, rhs, position };
}

function applySign(p: Parsing, sign: Token, operand: DurationExpr): DurationExpr {
  if (operand.op === "number") {
    const value = sign.kind === "-" ? -(operand.value ?? 0) : (operand.value ?? 0);
    requireInRange(p, sign, value);
    return { ...operand, value, position: { start: sign.start, end: operand.position.end } };
  }
  if (sign.kind === "+") return operand;
  p.grow(p.height);
  const position = { start: sign.start, end: operand.position.end };
  return { kind: "duration-expr", op: "neg", rhs: operand, position };
}

/**
 * Parses what follows `offset`. A literal, a call or a bracketed term with a sign ends it, so
 * that `x offset 5m + y` adds y; after other brackets or two signs the arithmetic goes on, as
 * Prometheus's grammar has it.
 */
export function parseOffsetDuration(p: Parsing): DurationExpr {
  const sign = p.peek();
  if (sign.kind === "(") return continueDuration(p, parseParen(p), 1);
  if (sign.kind !== "+" && sign.kind !== "-") return parseOperand(p);
  p.take();
  if (p.kind() === "(") {
    p.take();
    const inner = parseDurationExpr(p);
    p.expect(")");
    const wrapped: DurationExpr = inner.op === "number" ? inner : { ...inner, wrapped: true };
    return applySign(p, sign, wrapped);
  }
  if (p.kind() === "+" || p.kind() === "-") {
    const operand = parseDurationExpr(p, powerStrength);
    return continueDuration(p, applySign(p, sign, operand), 1);
  }
  if (isNumberAhead(p)) return applySign(p, sign, literal(readNumber(p, p.take())));
  return signedCall(p, sign);
}

function signedCall(p: Parsing, sign: Token): DurationExpr {
  const call = parseRangeCall(p);
  const position = { start: sign.start, end: call.position.end };
  const signed: DurationExpr =
    sign.kind === "-" ? applySign(p, sign, call) : { ...call, plus: true, position };
  requireSwitch(p, signed);
  return signed;
}

/** Refuses a constant that is not positive, as ranges and steps must be. */
export function requirePositive(p: Parsing, expr: DurationExpr): DurationExpr {
  if (expr.op === "number" && (expr.value ?? 0) <= 0) {
    p.fail(expr.position, "duration must be greater than 0");
  }
  return expr;
}

/** Makes a constant of a literal; everything else stays an expression. */
export function toDuration(expr: DurationExpr): Duration {
  if (expr.op !== "number") return expr;
  const nanoseconds = roundAwayFromZero((expr.value ?? 0) * 1e9);
  return { kind: "ms", ms: Math.trunc(nanoseconds / 1e6) };
}

function requireInRange(p: Parsing, position: Position, seconds: number): void {
  // NaN is refused too, where Prometheus makes whatever the processor gives of it.
  if (!(Math.abs(seconds) <= secondsMax)) p.fail(position, "duration out of range");
}

function requireSwitch(p: Parsing, expr: DurationExpr): void {
  if (p.options.durationExpressions) return;
  p.fail(expr.position, "experimental duration expression is not enabled");
}
