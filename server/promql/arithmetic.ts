import { goMath } from "../model/index.ts";
import { assert } from "../platform/base/index.ts";
import type { BinaryOp } from "./parser/ast.ts";

/** Operators that compute a number; the others compare or join sets. */
export function isArithmetic(op: BinaryOp): boolean {
  return ["+", "-", "*", "/", "%", "^", "atan2"].includes(op);
}

/** Operators that cut a part off histograms. */
export function isTrim(op: BinaryOp): boolean {
  return op === "</" || op === ">/";
}

/** A function of two numbers. */
export type NumberOperation = (lhs: number, rhs: number) => number;

const arithmetic: Partial<Record<BinaryOp, NumberOperation>> = {
  "+": (lhs, rhs) => lhs + rhs,
  "-": (lhs, rhs) => lhs - rhs,
  "*": (lhs, rhs) => lhs * rhs,
  "/": (lhs, rhs) => lhs / rhs,
  "%": (lhs, rhs) => lhs % rhs,
  "^": goMath.pow,
  atan2: goMath.atan2,
};

const comparisons: Partial<Record<BinaryOp, (lhs: number, rhs: number) => boolean>> = {
  "==": (lhs, rhs) => lhs === rhs,
  "!=": (lhs, rhs) => lhs !== rhs,
  "<": (lhs, rhs) => lhs < rhs,
  "<=": (lhs, rhs) => lhs <= rhs,
  ">": (lhs, rhs) => lhs > rhs,
  ">=": (lhs, rhs) => lhs >= rhs,
};

/** The function of an arithmetic operator. */
export function arithmeticOf(op: BinaryOp): NumberOperation {
  const found = arithmetic[op];
  assert(found !== undefined, `operator ${op} computes no number`);
  return found;
}

/** The function of a comparison operator. */
export function comparisonOf(op: BinaryOp): (lhs: number, rhs: number) => boolean {
  const found = comparisons[op];
  assert(found !== undefined, `operator ${op} compares nothing`);
  return found;
}

/** The value of `lhs op rhs` on two scalars; comparisons give 1 or 0. */
export function scalarOperation(op: BinaryOp): NumberOperation {
  if (isArithmetic(op)) return arithmeticOf(op);
  const compare = comparisonOf(op);
  return (lhs, rhs) => (compare(lhs, rhs) ? 1 : 0);
}
