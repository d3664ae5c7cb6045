import type { ValueType } from "./ast.ts";

/** What a function takes and gives. */
export interface FunctionSignature {
  readonly name: string;
  /** Types in order; arguments beyond the list have the type of its last entry. */
  readonly argTypes: readonly ValueType[];
  /**
   * 0: exactly the listed arguments. n > 0: the last listed one may be left out or stand up to n
   * times. -1: the last listed one may be left out or stand any number of times.
   */
  readonly variadic: number;
  readonly returnType: ValueType;
  /** True when the switch for experimental functions must be on. */
  readonly experimental: boolean;
}

interface Shape {
  readonly names: string;
  readonly args: readonly ValueType[];
  readonly returns?: ValueType;
  readonly variadic?: number;
  readonly experimental?: true;
}

/** Every function of Prometheus 3.14, those of one shape together; they return vectors unless said. */
const shapes: readonly Shape[] = [
  {
    names: `abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor
      histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum
      ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp`,
    args: ["vector"],
  },
  { names: "start_timestamp", args: ["vector"], experimental: true },
  {
    names: "day_of_month day_of_week day_of_year days_in_month hour minute month year",
    args: ["vector"],
    variadic: 1,
  },
  {
    names: `absent_over_time avg_over_time changes count_over_time delta deriv first_over_time
      idelta increase irate last_over_time max_over_time min_over_time present_over_time rate
      resets stddev_over_time stdvar_over_time sum_over_time`,
    args: ["matrix"],
  },
  {
    names: `mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time
      ts_of_min_over_time`,
    args: ["matrix"],
    experimental: true,
  },
  { names: "clamp", args: ["vector", "scalar", "scalar"] },
  { names: "clamp_max clamp_min", args: ["vector", "scalar"] },
  { names: "round", args: ["vector", "scalar"], variadic: 1 },
  {
    names: "double_exponential_smoothing",
    args: ["matrix", "scalar", "scalar"],
    experimental: true,
  },
  { names: "predict_linear", args: ["matrix", "scalar"] },
  { names: "quantile_over_time", args: ["scalar", "matrix"] },
  { names: "histogram_fraction", args: ["scalar", "scalar", "vector"] },
  { names: "histogram_quantile", args: ["scalar", "vector"] },
  {
    names: "histogram_quantiles",
    args: ["vector", "string", "scalar", "scalar"],
    variadic: 9,
    experimental: true,
  },
  { names: "info", args: ["vector", "vector"], variadic: 1, experimental: true },
  { names: "label_join", args: ["vector", "string", "string", "string"], variadic: -1 },
  { names: "label_replace", args: ["vector", "string", "string", "string", "string"] },
  {
    names: "sort_by_label sort_by_label_desc",
    args: ["vector", "string"],
    variadic: -1,
    experimental: true,
  },
  { names: "scalar", args: ["vector"], returns: "scalar" },
  { names: "vector", args: ["scalar"] },
  { names: "pi time", args: [], returns: "scalar" },
  { names: "end range start step", args: [], returns: "scalar", experimental: true },
  { names: "max_of min_of", args: ["scalar", "scalar"], returns: "scalar", experimental: true },
];

/** Signatures by function name. */
export const signatures: ReadonlyMap<string, FunctionSignature> = new Map(
  shapes.flatMap((shape) =>
    shape.names.split(/\s+/).map((name): [string, FunctionSignature] => [
      name,
      {
        name,
        argTypes: shape.args,
        variadic: shape.variadic ?? 0,
        returnType: shape.returns ?? "vector",
        experimental: shape.experimental ?? false,
      },
    ]),
  ),
);
