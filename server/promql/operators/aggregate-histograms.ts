import { createHistogramFold, type HistogramFold } from "../../model/index.ts";
import type { AggregateOp, Position } from "../parser/index.ts";
import type { FoldMaker, GroupFold } from "./aggregate-folds.ts";
import { floatsOf } from "./native-histograms.ts";
import { isPresent } from "./presence.ts";
import { setSample } from "./native-histograms.ts";
import type { EvalContext, StepSeries } from "./stream.ts";

/** What an aggregation does with histograms. */
export interface HistogramFolding {
  readonly op: AggregateOp;
  readonly position: Position;
  readonly ctx: EvalContext;
}

/** A fold that also takes histograms: sums and means them, counts them, or leaves them out. */
export function foldWithHistograms(make: FoldMaker, folding: HistogramFolding): FoldMaker {
  const { op, position, ctx } = folding;
  if (op === "count" || op === "group") return make;
  const ignore = (): void =>
    ctx.annotations.add({
      kind: "info",
      text: `ignored histogram in ${op} aggregation`,
      position,
    });
  return (stepCount) => {
    const floats = make(stepCount);
    const folds: (HistogramFold | undefined)[] = [];
    const add = (series: StepSeries): void => {
      floats.add(floatsOf(series));
      for (const [step, histogram] of (series.histograms ?? []).entries()) {
        if (histogram === undefined || !isPresent(series.present, step)) continue;
        if (op !== "sum" && op !== "avg") return ignore();
        folds[step] ??= createHistogramFold(op === "sum" ? "sum" : "mean");
        folds[step].add(histogram);
      }
    };
    const fold: GroupFold = {
      add: (series) => (series.histograms === undefined ? floats.add(series) : add(series)),
      finish(out) {
        floats.finish(out);
        for (const [step, histograms] of folds.entries()) {
          if (histograms === undefined) continue;
          if (!isPresent(out.present, step)) {
            setSample(out, step, histograms.result());
            annotateFold(histograms, folding);
            continue;
          }
          out.present[step >>> 5]! &= ~(1 << (step & 31));
          const text = "encountered a mix of histograms and floats for aggregation";
          ctx.annotations.add({ kind: "warning", text, position });
        }
      },
    };
    return fold;
  };
}

function annotateFold({ remarks }: HistogramFold, { position, ctx }: HistogramFolding): void {
  const add = (kind: "warning" | "info", text: string): void =>
    ctx.annotations.add({ kind, text, position });
  if (remarks.incompatible) {
    add(
      "warning",
      "vector contains a mix of histograms with exponential and custom buckets schemas",
    );
  }
  if (remarks.reconciled) {
    add("info", "mismatched custom buckets were reconciled during aggregation");
  }
  if (remarks.collision) {
    add("warning", "conflicting counter resets during histogram aggregation");
  }
}
