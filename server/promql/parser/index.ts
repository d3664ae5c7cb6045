export type * from "./ast.ts";
export { children, valueType } from "./ast-walk.ts";
export { PromqlError, type PromqlErrorKind } from "./error.ts";
export { defaultParseOptions, type ParseOptions } from "./options.ts";
export {
  type MetricPrefix,
  parseExpr,
  parseMetricPrefix,
  parseSeriesSelector,
} from "./parse.ts";
export { matchesEmpty } from "./parse-labels.ts";
export { prettyExpr } from "./pretty.ts";
export { signatures } from "./signatures.ts";
export { printExpr } from "./print.ts";
export { type Json, prometheusJson } from "./prometheus-json.ts";
