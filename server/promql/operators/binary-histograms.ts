import {
  addHistograms,
  divideHistogram,
  type FloatHistogram,
  histogramsEqual,
  scaleHistogram,
  subtractHistograms,
  trimHistogram,
} from "../../model/index.ts";
import type { BinaryOp, Position } from "../parser/index.ts";
import type { EvalContext } from "./stream.ts";

/** An operator and where its remarks go. */
export interface BinaryPlace {
  readonly op: BinaryOp;
  readonly position: Position;
  readonly ctx: EvalContext;
}

/** A float or a histogram. */
export type Sample = number | FloatHistogram;

/**
 * An operator on two samples of which one at least is a histogram. A boolean is the outcome of a
 * comparison; undefined means that there is none, which has been remarked on.
 */
export function histogramOperation(
  lhs: Sample,
  rhs: Sample,
  place: BinaryPlace,
): FloatHistogram | boolean | undefined {
  const { op } = place;
  if (typeof lhs !== "number" && typeof rhs !== "number") return ofTwo(lhs, rhs, place);
  if (typeof lhs === "number") {
    if (op === "*" && typeof rhs !== "number") return scaleHistogram(rhs, lhs);
  } else if (typeof rhs === "number") {
    if (op === "*") return scaleHistogram(lhs, rhs);
    if (op === "/") return divideHistogram(lhs, rhs);
    if (op === "</") return trimHistogram(lhs, rhs, "below");
    if (op === ">/") return trimHistogram(lhs, rhs, "above");
  }
  return refuse(lhs, rhs, place);
}

function ofTwo(
  lhs: FloatHistogram,
  rhs: FloatHistogram,
  place: BinaryPlace,
): FloatHistogram | boolean | undefined {
  const { op, position, ctx } = place;
  if (op === "==") return histogramsEqual(lhs, rhs);
  if (op === "!=") return !histogramsEqual(lhs, rhs);
  if (op !== "+" && op !== "-") return refuse(lhs, rhs, place);
  const combined = op === "+" ? addHistograms(lhs, rhs) : subtractHistograms(lhs, rhs);
  const add = (kind: "warning" | "info", text: string): void =>
    ctx.annotations.add({ kind, text, position });
  if (combined === undefined) {
    add("warning", `incompatible bucket layout encountered for binary operator ${op}`);
    return undefined;
  }
  const name = op === "+" ? "addition" : "subtraction";
  if (combined.reconciled) add("info", `mismatched custom buckets were reconciled during ${name}`);
  if (combined.collision) add("warning", `conflicting counter resets during histogram ${name}`);
  return combined.histogram;
}

function refuse(lhs: Sample, rhs: Sample, { op, position, ctx }: BinaryPlace): undefined {
  const kind = (sample: Sample): string => (typeof sample === "number" ? "float" : "histogram");
  ctx.annotations.add({
    kind: "info",
    text:
      "incompatible sample types encountered for binary operator " +
      `"${op}": ${kind(lhs)} ${op} ${kind(rhs)}`,
    position,
  });
  return undefined;
}
