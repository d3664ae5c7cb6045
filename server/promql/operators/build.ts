import {
  scalarOperation,
  arithmeticOf,
  comparisonOf,
  isArithmetic,
  isTrim,
} from "../arithmetic.ts";
import { scaleHistogram } from "../../model/index.ts";
import { assert, defined } from "../../platform/base/index.ts";
import type { Aggregate, Binary, Expr, Subquery, Unary } from "../parser/index.ts";
import { valueType } from "../parser/index.ts";
import { firstStepGrid, type StepGrid } from "../plan/grid.ts";
import type { Plan } from "../plan/plan.ts";
import { subqueryGrid } from "../plan/selector-ranges.ts";
import { aggregateFold } from "./aggregate.ts";
import { folds } from "./aggregate-folds.ts";
import { foldWithHistograms } from "./aggregate-histograms.ts";
import { aggregateQuantile } from "./aggregate-quantile.ts";
import { aggregateSelect } from "./aggregate-select.ts";
import { histogramOperation } from "./binary-histograms.ts";
import { binaryVectors } from "./binary-vector.ts";
import { buildScalarCall, buildVectorCall } from "./build-call.ts";
import type { HistogramMap } from "./native-histograms.ts";
import type { Builder } from "./builder.ts";
import { countValues } from "./count-values.ts";
import { mapValues, type ValueMap } from "./map-values.ts";
import type { Profile } from "./profile.ts";
import { type RangeSource, selectRange } from "./range-source.ts";
import { combineScalars, constantScalar, once } from "./scalars.ts";
import { setOperation } from "./set-operators.ts";
import { type SharedStream, shareStream } from "./shared.ts";
import { repeatFirstStep, repeatScalar } from "./step-invariant.ts";
import type { EvalContext, ScalarColumn, StepStream } from "./stream.ts";
import { subquerySource } from "./subquery.ts";
import { selectInstant } from "./vector-selector.ts";

/**
 * A builder for the expressions of one plan. Each place of the plan is built once; a `profile`
 * measures what is built.
 */
export function createBuilder(plan: Plan, ctx: EvalContext, profile?: Profile): Builder {
  const shared = new Map<string, SharedStream>();
  const make = (context: EvalContext): Builder => {
    const vector = (expr: Expr, grid: StepGrid): StepStream => {
      const key = plan.shared.keyOf(expr);
      if (key === undefined) return buildVector(builder, expr, grid);
      const startBytes = expr.position.start;
      let found = shared.get(key);
      if (found === undefined) {
        const uses = plan.shared.uses(key);
        const stepCounts = context.stepCounts?.shared(uses);
        const build = (inner: EvalContext): StepStream => buildVector(make(inner), expr, grid);
        found = shareStream({ grid, uses, startBytes, build }, { ...context, stepCounts });
        shared.set(key, found);
      }
      return found.at(startBytes, context);
    };
    const builder: Builder = {
      ctx: context,
      vector(expr, grid) {
        const stream = vector(expr, grid);
        return profile?.vector(expr, stream) ?? stream;
      },
      scalar(expr, grid) {
        const column = buildScalar(builder, expr, grid);
        return profile?.scalar(expr, column, grid) ?? column;
      },
      range(expr, grid) {
        const source = buildRange(builder, expr, grid);
        return profile?.range(expr, source) ?? source;
      },
      within: make,
    };
    return builder;
  };
  return make(ctx);
}

function buildVector(b: Builder, expr: Expr, grid: StepGrid): StepStream {
  switch (expr.kind) {
    case "vector-selector":
      return selectInstant(expr, grid, b.ctx);
    case "aggregate":
      return buildAggregate(b, expr, grid);
    case "call":
      return buildVectorCall(b, expr, grid);
    case "binary":
      return buildBinary(b, expr, grid);
    case "unary":
      return buildUnary(b, expr, grid);
    case "paren":
      return b.vector(expr.expr, grid);
    case "step-invariant":
      return repeatFirstStep(onceOf(b).vector(expr.expr, firstStepGrid(grid)), grid, b.ctx);
    default:
      assert(false, `${expr.kind} is no vector`);
  }
}

function buildScalar(b: Builder, expr: Expr, grid: StepGrid): ScalarColumn {
  switch (expr.kind) {
    case "number":
      return constantScalar(expr.value, grid);
    case "unary": {
      const operand = b.scalar(expr.expr, grid);
      if (expr.op === "+") return operand;
      return once(async () => (await operand()).map((value) => -value));
    }
    case "binary":
      return combineScalars(
        scalarOperation(expr.op),
        b.scalar(expr.lhs, grid),
        b.scalar(expr.rhs, grid),
      );
    case "call":
      return buildScalarCall(b, expr, grid);
    case "step-invariant":
      return repeatScalar(onceOf(b).scalar(expr.expr, firstStepGrid(grid)), grid);
    default:
      assert(false, `${expr.kind} is no scalar`);
  }
}

function buildRange(b: Builder, expr: Expr, grid: StepGrid): RangeSource {
  if (expr.kind === "matrix-selector") return selectRange(expr, grid, b.ctx);
  if (expr.kind === "step-invariant") return onceOf(b).range(expr.expr, firstStepGrid(grid));
  assert(expr.kind === "subquery", `${expr.kind} is no range vector`);
  return buildSubquery(b, expr, grid);
}

function buildSubquery(b: Builder, expr: Subquery, grid: StepGrid): RangeSource {
  const inner = subqueryGrid(expr, grid, b.ctx.defaultSubqueryStepMs);
  const uncounted = b.within({ ...b.ctx, stepCounts: undefined });
  return subquerySource(expr, { inner: uncounted.vector(expr.expr, inner), grid: inner }, b.ctx);
}

/** A builder for what is evaluated at the first step alone. */
function onceOf(b: Builder): Builder {
  const { stepCounts } = b.ctx;
  return stepCounts === undefined ? b : b.within({ ...b.ctx, stepCounts: stepCounts.once() });
}

function buildAggregate(b: Builder, expr: Aggregate, grid: StepGrid): StepStream {
  const input = b.vector(expr.expr, grid);
  const grouping = { labels: expr.grouping, without: expr.without };
  const makeFold = folds[expr.op];
  if (makeFold !== undefined) {
    const folding = { op: expr.op, position: expr.expr.position, ctx: b.ctx };
    const withHistograms = foldWithHistograms(makeFold, folding);
    return aggregateFold({ input, grouping, makeFold: withHistograms }, grid, b.ctx);
  }
  const param = defined(expr.param, `parameter of ${expr.op}`);
  if (expr.op === "count_values") {
    assert(param.kind === "string", "count_values takes a string");
    return countValues({ input, grouping, label: param.value }, grid, b.ctx);
  }
  const scalar = b.scalar(param, grid);
  const { position } = param;
  return expr.op === "quantile"
    ? aggregateQuantile(
        {
          ...{ input, grouping, quantile: scalar },
          ...{ quantilePosition: position, inputPosition: expr.expr.position },
        },
        grid,
        b.ctx,
      )
    : aggregateSelect(
        {
          ...{ op: expr.op, input, grouping, param: scalar },
          ...{ paramPosition: position, inputPosition: expr.expr.position },
        },
        grid,
        b.ctx,
      );
}

function buildUnary(b: Builder, expr: Unary, grid: StepGrid): StepStream {
  const input = b.vector(expr.expr, grid);
  if (expr.op === "+") return input;
  const map = async (): Promise<ValueMap> => (value) => -value;
  const mapHistogram = async (): Promise<HistogramMap> => (h) => scaleHistogram(h, -1);
  return mapValues({ input, map, mapHistogram, dropsName: true }, grid, b.ctx);
}

function buildBinary(b: Builder, expr: Binary, grid: StepGrid): StepStream {
  if (expr.matching === undefined) return buildVectorScalar(b, expr, grid);
  const lhs = b.vector(expr.lhs, grid);
  const rhs = b.vector(expr.rhs, grid);
  const { op, matching, returnBool } = expr;
  return matching.card === "many-to-many"
    ? setOperation({ op, lhs, rhs, matching }, grid, b.ctx)
    : binaryVectors({ op, lhs, rhs, matching, returnBool, position: expr.position }, grid, b.ctx);
}

/** Between a vector and a scalar; comparisons keep the vector's value on whichever side it is. */
function buildVectorScalar(b: Builder, expr: Binary, grid: StepGrid): StepStream {
  const swapped = valueType(expr.lhs) === "scalar";
  const scalar = b.scalar(swapped ? expr.lhs : expr.rhs, grid);
  const input = b.vector(swapped ? expr.rhs : expr.lhs, grid);
  const dropsName = isArithmetic(expr.op) || expr.returnBool;
  return mapValues(
    {
      ...{ input, dropsName },
      map: async () => vectorScalarMap(expr, { scalar: await scalar(), swapped, ctx: b.ctx }),
      mapHistogram: async () => histogramScalarMap(expr, await scalar(), { swapped, ctx: b.ctx }),
    },
    grid,
    b.ctx,
  );
}

interface ScalarSide {
  readonly scalar: Float64Array;
  readonly swapped: boolean;
  readonly ctx: EvalContext;
}

function histogramScalarMap(
  { op, position, returnBool }: Binary,
  scalar: Float64Array,
  { swapped, ctx }: { readonly swapped: boolean; readonly ctx: EvalContext },
): HistogramMap {
  return (histogram, step) => {
    const other = scalar[step]!;
    const [lhs, rhs] = swapped ? [other, histogram] : [histogram, other];
    const result = histogramOperation(lhs, rhs, { op, position, ctx });
    if (typeof result !== "boolean") return result;
    if (returnBool) return Number(result);
    return result ? histogram : undefined;
  };
}

function vectorScalarMap(expr: Binary, { scalar, swapped, ctx }: ScalarSide): ValueMap {
  if (isTrim(expr.op)) {
    const place = { op: expr.op, position: expr.position, ctx };
    return (value, step) => {
      const [lhs, rhs] = swapped ? [scalar[step]!, value] : [value, scalar[step]!];
      histogramOperation(lhs, rhs, place);
      return undefined;
    };
  }
  if (isArithmetic(expr.op)) {
    const compute = arithmeticOf(expr.op);
    return swapped
      ? (value, step) => compute(scalar[step]!, value)
      : (value, step) => compute(value, scalar[step]!);
  }
  const compare = comparisonOf(expr.op);
  return (value, step) => {
    const other = scalar[step]!;
    const holds = swapped ? compare(other, value) : compare(value, other);
    if (expr.returnBool) return Number(holds);
    return holds ? value : undefined;
  };
}
