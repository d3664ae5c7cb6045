import {
  type FloatHistogram,
  histogramVariance,
  type Labels,
  labelsFrom,
  metricNameLabel,
  noLabels,
} from "../../model/index.ts";
import { defined } from "../../platform/base/index.ts";
import type { NumberEntry } from "../functions/registry.ts";
import { functionEntries } from "../functions/registry.ts";
import type { Call, Expr, VectorSelector } from "../parser/index.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { buildRangeCall } from "./build-range-call.ts";
import type { Builder } from "./builder.ts";
import {
  type HistogramInput,
  histogramFraction,
  histogramQuantile,
  histogramQuantiles,
  type PlacedScalar,
} from "./histogram-functions.ts";
import { addInfo } from "./info.ts";
import { labelJoin, labelReplace } from "./label-functions.ts";
import { mapValues } from "./map-values.ts";
import {
  absentVector,
  constantScalar,
  once,
  scalarByStep,
  scalarOfVector,
  vectorOfScalar,
} from "./scalars.ts";
import { byLabels, byValue, type SeriesOrder, sortSeries } from "./sort.ts";
import type { ScalarColumn, StepStream } from "./stream.ts";
import { type SelectorOutput, selectInstant } from "./vector-selector.ts";

/** A call whose value is a vector. */
export function buildVectorCall(b: Builder, call: Call, grid: StepGrid): StepStream {
  const entry = functionEntries.get(call.func);
  if (entry?.kind === "range") return buildRangeCall(b, { call, entry }, grid);
  const statistic = histogramStatistics[call.func];
  if (statistic !== undefined) {
    const input = b.vector(argument(call, 0), grid);
    return mapValues(
      {
        input,
        map: async () => () => undefined,
        mapHistogram: async () => statistic,
        dropsName: true,
      },
      grid,
      b.ctx,
    );
  }
  if (entry?.kind === "number") return buildNumberCall(b, { call, entry }, grid);
  const build = specialCalls[call.func];
  if (build === undefined) throw executionError(`function ${call.func} is not supported`);
  return build(b, call, grid);
}

/** Functions that make a number of each native histogram and leave floats out. */
const histogramStatistics: Readonly<Record<string, (h: FloatHistogram) => number>> = {
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_count: ({ count }) => count,
  histogram_sum: ({ sum }) => sum,
  histogram_stddev: (h) => Math.sqrt(histogramVariance(h)),
  histogram_stdvar: histogramVariance,
};

type CallBuilder = (b: Builder, call: Call, grid: StepGrid) => StepStream;

const sorted =
  (order: (call: Call) => SeriesOrder): CallBuilder =>
  (b, call, grid) =>
    sortSeries(b.vector(argument(call, 0), grid), order(call), {
      ...{ grid, ctx: b.ctx, floatsOnly: !call.func.startsWith("sort_by_label") },
    });

/** Functions that are more than a function of each sample or window. */
const specialCalls: Readonly<Record<string, CallBuilder>> = {
  vector: (b, call, grid) => vectorOfScalar(b.scalar(argument(call, 0), grid), grid),
  absent(b, call, grid) {
    const arg = argument(call, 0);
    const labels = absentLabels(arg);
    return absentVector(b.vector(arg, grid), { labels, grid }, b.ctx);
  },
  absent_over_time(b, call, grid) {
    const present = buildVectorCall(b, { ...call, func: "present_over_time" }, grid);
    return absentVector(present, { labels: absentLabels(argument(call, 0)), grid }, b.ctx);
  },
  timestamp: buildTimestamp,
  start_timestamp: buildStartTimestamp,
  label_replace(b, call, grid) {
    const [target = "", replacement = "", source = "", pattern = ""] = stringArguments(call, 1);
    const input = b.vector(argument(call, 0), grid);
    const replace = { target, replacement, source, pattern };
    return labelReplace(input, replace, { grid, ctx: b.ctx });
  },
  label_join(b, call, grid) {
    const [target = "", separator = "", ...sources] = stringArguments(call, 1);
    const input = b.vector(argument(call, 0), grid);
    return labelJoin(input, { target, separator, sources }, { grid, ctx: b.ctx });
  },
  info(b, call, grid) {
    const [baseExpr, labels] = [argument(call, 0), call.args[1]];
    const selector = labels?.kind === "vector-selector" ? labels : undefined;
    const base = b.vector(baseExpr, grid);
    return addInfo({ base, baseExpr, labels: selector }, grid, b.ctx);
  },
  sort: sorted(() => byValue(1)),
  sort_desc: sorted(() => byValue(-1)),
  sort_by_label: sorted((call) => byLabels(stringArguments(call, 1), 1)),
  sort_by_label_desc: sorted((call) => byLabels(stringArguments(call, 1), -1)),
  histogram_quantile(b, call, grid) {
    const quantile = placedScalar(b, argument(call, 0), grid);
    return histogramQuantile(histogramInput(b, argument(call, 1), grid), quantile, {
      grid,
      ctx: b.ctx,
    });
  },
  histogram_quantiles(b, call, grid) {
    const [label = ""] = stringArguments(call, 1);
    const quantiles = call.args.slice(2).map((arg) => placedScalar(b, arg, grid));
    const input = histogramInput(b, argument(call, 0), grid);
    return histogramQuantiles(input, { label, quantiles }, { grid, ctx: b.ctx });
  },
  histogram_fraction(b, call, grid) {
    const lower = b.scalar(argument(call, 0), grid);
    const upper = b.scalar(argument(call, 1), grid);
    const input = histogramInput(b, argument(call, 2), grid);
    return histogramFraction(input, { lower, upper }, { grid, ctx: b.ctx });
  },
};

function histogramInput(b: Builder, arg: Expr, grid: StepGrid): HistogramInput {
  return { stream: b.vector(arg, grid), position: arg.position };
}

function placedScalar(b: Builder, arg: Expr, grid: StepGrid): PlacedScalar {
  return { scalar: b.scalar(arg, grid), position: arg.position };
}

/** String arguments from the `from`th argument on. */
function stringArguments(call: Call, from: number): readonly string[] {
  return call.args.slice(from).flatMap((arg) => (arg.kind === "string" ? [arg.value] : []));
}

/** Over a selector the samples' own times, over anything else the evaluation time. */
function buildTimestamp(b: Builder, call: Call, grid: StepGrid): StepStream {
  const selector = selectorOf(argument(call, 0));
  if (selector !== undefined) return selectTimes(b, { selector, output: "time" }, grid);
  const evaluated = (step: number): number => stepTimeMs(grid, step) / 1000;
  return mapValues(
    {
      input: b.vector(argument(call, 0), grid),
      dropsName: true,
      map: async () => (_value, step) => evaluated(step),
      mapHistogram: async () => (_h, step) => evaluated(step),
    },
    grid,
    b.ctx,
  );
}

/** When the counters of a selector's samples began; of anything else nobody knows. */
function buildStartTimestamp(b: Builder, call: Call, grid: StepGrid): StepStream {
  const selector = selectorOf(argument(call, 0));
  if (selector !== undefined) return selectTimes(b, { selector, output: "start-time" }, grid);
  const input = b.vector(argument(call, 0), grid);
  return mapValues({ input, dropsName: true, map: async () => () => undefined }, grid, b.ctx);
}

function selectorOf(arg: Expr): VectorSelector | undefined {
  const inner = arg.kind === "step-invariant" ? arg.expr : arg;
  return inner.kind === "vector-selector" ? inner : undefined;
}

function selectTimes(
  b: Builder,
  { selector, output }: { readonly selector: VectorSelector; readonly output: SelectorOutput },
  grid: StepGrid,
): StepStream {
  const input = selectInstant(selector, grid, b.ctx, output);
  return mapValues({ input, dropsName: true, map: async () => (value) => value }, grid, b.ctx);
}

/** The labels that a selector's matchers fix; a name that is matched twice is left out. */
function absentLabels(arg: Expr): Labels {
  const inner = arg.kind === "step-invariant" ? arg.expr : arg;
  const selector = inner.kind === "matrix-selector" ? inner.selector : inner;
  if (selector.kind !== "vector-selector") return noLabels;
  const fixed = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, type, value } of selector.matchers) {
    if (name === metricNameLabel) continue;
    if (type === "=" && !seen.has(name)) {
      fixed.set(name, value);
      seen.add(name);
    } else {
      fixed.delete(name);
    }
  }
  return labelsFrom(fixed);
}

/** A call whose value is a scalar. */
export function buildScalarCall(b: Builder, call: Call, grid: StepGrid): ScalarColumn {
  const { startMs, endMs, stepMs } = b.ctx.times;
  switch (call.func) {
    case "time":
      return scalarByStep(grid, (step) => stepTimeMs(grid, step) / 1000);
    case "pi":
      return constantScalar(Math.PI, grid);
    case "scalar":
      return scalarOfVector(b.vector(argument(call, 0), grid), grid, b.ctx);
    case "start":
      return constantScalar(startMs / 1000, grid);
    case "end":
      return constantScalar(endMs / 1000, grid);
    case "range":
      return constantScalar((endMs - startMs) / 1000, grid);
    case "step":
      return constantScalar(stepMs / 1000, grid);
    case "min_of":
    case "max_of": {
      const pick = call.func === "min_of" ? Math.min : Math.max;
      const [lhs, rhs] = [b.scalar(argument(call, 0), grid), b.scalar(argument(call, 1), grid)];
      return once(async () => {
        const other = await rhs();
        return (await lhs()).map((value, step) => pick(value, other[step]!));
      });
    }
    default:
      throw executionError(`function ${call.func} is not supported`);
  }
}

/** The `index`th argument, which the parser has seen to be there. */
export function argument(call: Call, index: number): Expr {
  return defined(call.args[index], `argument ${index} of ${call.func}`);
}

function buildNumberCall(
  b: Builder,
  { call, entry }: { readonly call: Call; readonly entry: NumberEntry },
  grid: StepGrid,
): StepStream {
  if (call.args.length === 0 && entry.defaultsToTime) {
    const values = scalarByStep(
      grid,
      (step) => entry.compute(Math.trunc(stepTimeMs(grid, step) / 1000), []) ?? Number.NaN,
    );
    return vectorOfScalar(values, grid);
  }
  const scalars = call.args.slice(1).map((arg) => b.scalar(arg, grid));
  return mapValues(
    {
      input: b.vector(argument(call, 0), grid),
      dropsName: true,
      map: async () => {
        const columns = await Promise.all(scalars.map((scalar) => scalar()));
        const params = columns.map(() => 0);
        return (value, step) => {
          for (let i = 0; i < params.length; i++) params[i] = columns[i]![step]!;
          return entry.compute(value, params);
        };
      },
    },
    grid,
    b.ctx,
  );
}
