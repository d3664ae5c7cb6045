import { defaultParseOptions, signatures } from "../promql/index.ts";

/** What of one kind there is: true when it is on. */
type Switches = Readonly<Record<string, boolean>>;

const operators = ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "=~", "!~"];
const setOperators = ["and", "or", "unless", "atan2"];
const aggregations = [
  ...["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values"],
  ...["bottomk", "topk", "quantile"],
];

/** What /api/v1/features tells: by kind, what can be used here, as Prometheus names it. */
export function features(): Readonly<Record<string, Switches>> {
  const { experimentalFunctions, durationExpressions } = defaultParseOptions;
  const { extendedRangeSelectors, fillModifiers } = defaultParseOptions;
  return {
    api: {
      admin: false,
      exclude_alerts: true,
      label_values_match: true,
      lifecycle: false,
      otlp_write_receiver: false,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: true,
      time_range_labels: true,
      time_range_series: true,
    },
    promql: {
      ...allOn(["at_modifier", "bool", "by", "group_left", "group_right", "ignoring"]),
      ...allOn(["negative_offset", "offset", "on", "subqueries", "without"]),
      ...allOn(["per_query_lookback_delta", "per_step_stats"]),
      anchored: extendedRangeSelectors,
      smoothed: extendedRangeSelectors,
      duration_expr: durationExpressions,
      fill: fillModifiers,
      delayed_name_removal: false,
      type_and_unit_labels: false,
    },
    promql_functions: Object.fromEntries(
      [...signatures.values()].map(({ name, experimental }) => [
        name,
        !experimental || experimentalFunctions,
      ]),
    ),
    promql_operators: {
      ...allOn([...operators, ...setOperators, ...aggregations]),
      limitk: experimentalFunctions,
      limit_ratio: experimentalFunctions,
    },
  };
}

function allOn(names: readonly string[]): Switches {
  return Object.fromEntries(names.map((name) => [name, true]));
}
