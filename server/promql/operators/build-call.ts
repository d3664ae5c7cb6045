import { defined } from "../../platform/base/index.ts";
import type { NumberEntry, RangeEntry } from "../functions/registry.ts";
import { functionEntries } from "../functions/registry.ts";
import type { Call, Expr } from "../parser/index.ts";
import { valueType } from "../parser/index.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import type { Builder } from "./build.ts";
import { metricNameOf } from "./label-sets.ts";
import { mapValues } from "./map-values.ts";
import { rangeFunction } from "./range-function.ts";
import { constantScalar, once, scalarByStep, scalarOfVector, vectorOfScalar } from "./scalars.ts";
import type { ScalarColumn, StepStream } from "./stream.ts";

/** A call whose value is a vector. */
export function buildVectorCall(b: Builder, call: Call, grid: StepGrid): StepStream {
  const entry = functionEntries.get(call.func);
  if (entry?.kind === "range") return buildRangeCall(b, { call, entry }, grid);
  if (entry?.kind === "number") return buildNumberCall(b, { call, entry }, grid);
  if (call.func === "vector") return vectorOfScalar(b.scalar(argument(call, 0), grid), grid);
  throw executionError(`function ${call.func} is not supported`);
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

function buildRangeCall(
  b: Builder,
  { call, entry }: { readonly call: Call; readonly entry: RangeEntry },
  grid: StepGrid,
): StepStream {
  const rangeArg = defined(
    call.args.find((arg) => valueType(arg) === "matrix"),
    `range vector of ${call.func}`,
  );
  const source = b.range(rangeArg, grid);
  const scalars = call.args
    .filter((arg) => valueType(arg) === "scalar")
    .map((arg) => b.scalar(arg, grid));
  const { annotations } = b.ctx;
  return rangeFunction(
    {
      source,
      keepsName: entry.keepsName ?? false,
      kernel: async (times) =>
        entry.make({
          ...times,
          stepCount: grid.count,
          rangeMs: source.rangeMs,
          params: await Promise.all(scalars.map((scalar) => scalar())),
          annotations,
          positions: call.args.map((arg) => arg.position),
          rangePosition: rangeArg.position,
        }),
      ...(entry.forCounters && {
        onResult: ({ labels }) => {
          const name = metricNameOf(labels);
          if (name === "" || /_(total|sum|count|bucket)$/.test(name)) return;
          annotations.add({
            kind: "info",
            text:
              "metric might not be a counter, name does not end in " +
              `_total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
            position: rangeArg.position,
          });
        },
      }),
    },
    grid,
    b.ctx,
  );
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
