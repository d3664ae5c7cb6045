import { type Labels, labelValue } from "../../model/index.ts";
import { defined } from "../../platform/base/index.ts";
import { histogramWindows, ignoredHistograms } from "../functions/histogram-windows.ts";
import { mixedSamples } from "../functions/mixed-samples.ts";
import type { Extended } from "../functions/range-kernel.ts";
import type { RangeEntry } from "../functions/registry.ts";
import { quoteString } from "../parser/go-text.ts";
import { type Call, type Expr, type Position, valueType } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import type { Builder } from "./builder.ts";
import { metricNameOf } from "./label-sets.ts";
import type { RangeCall } from "./range-call.ts";
import { rangeFunction } from "./range-function.ts";
import type { EvalContext, StepStream } from "./stream.ts";

/** A call of a function over range vectors. */
export function buildRangeCall(
  b: Builder,
  { call, entry }: { readonly call: Call; readonly entry: RangeEntry },
  grid: StepGrid,
): StepStream {
  const rangeArg = defined(
    call.args.find((arg) => valueType(arg) === "matrix"),
    `range vector of ${call.func}`,
  );
  const rangePosition = placeOfRange(rangeArg);
  const source = b.range(rangeArg, grid);
  checkExtended(call.func, source.reach.extended);
  const scalars = call.args
    .filter((arg) => valueType(arg) === "scalar")
    .map((arg) => b.scalar(arg, grid));
  const { annotations } = b.ctx;
  return rangeFunction(
    {
      source,
      keepsName: entry.keepsName ?? false,
      histograms: histogramsOf(call.func),
      position: rangePosition,
      kernel: async (times) =>
        entry.make({
          ...times,
          stepCount: grid.count,
          rangeMs: source.rangeMs,
          extended: source.reach.extended,
          params: await Promise.all(scalars.map((scalar) => scalar())),
          annotations,
          positions: call.args.map((arg) => arg.position),
          rangePosition,
        }),
      ...(entry.forCounters && {
        onResult: ({ labels }) => remarkOnNonCounter(labels, rangePosition, b.ctx),
      }),
    },
    grid,
    b.ctx,
  );
}

/** A remark when name, or type where types are told, do not look like those of a counter. */
function remarkOnNonCounter(
  labels: Labels,
  position: Position,
  { annotations, features }: EvalContext,
): void {
  const name = metricNameOf(labels);
  if (name === "") return;
  const start = "metric might not be a counter, ";
  if (features.typeAndUnitLabels) {
    const type = labelValue(labels, "__type__");
    if (type === "counter" || type === "histogram") return;
    const text =
      `${start}__type__ label is not set to "counter" or "histogram", ` +
      `got ${quoteString(type)}: ${quoteString(name)}`;
    annotations.add({ kind: "info", text, position });
  } else if (!/_(total|sum|count|bucket)$/.test(name)) {
    const text = `${start}name does not end in _total/_sum/_count/_bucket: ${quoteString(name)}`;
    annotations.add({ kind: "info", text, position });
  }
}

/** Remarks on what comes out of a subquery stand at the query's beginning, as in Prometheus. */
function placeOfRange(arg: Expr): Position {
  const inner = arg.kind === "step-invariant" ? arg.expr : arg;
  return inner.kind === "subquery" ? { start: 0, end: 0 } : arg.position;
}

function histogramsOf(func: string): RangeCall["histograms"] {
  const ofAll = mixedSamples[func];
  return ofAll === undefined ? (histogramWindows[func] ?? ignoredHistograms) : { ofAll };
}

/** Functions that make sense of windows with what lies around them, sorted. */
const extendedFunctions = {
  anchored: ["changes", "delta", "increase", "rate", "resets"],
  smoothed: ["delta", "increase", "rate"],
} as const;

function checkExtended(func: string, extended: Extended): void {
  if (extended === undefined) return;
  const allowed: readonly string[] = extendedFunctions[extended];
  if (allowed.includes(func)) return;
  throw executionError(
    `${extended} modifier can only be used with: ${allowed.join(", ")} - not with ${func}`,
  );
}
