export { type ChunkData, type ChunkEncoding, chunkEncodings } from "./chunk-data.ts";
export * as goMath from "./go-math.ts";
export { type ErrorId, errorCatalogue, urdError } from "./error-catalogue.ts";
export {
  compareLabels,
  compareUtf8,
  formatLabels,
  type Labels,
  labelsFrom,
  labelsKey,
  labelValue,
  metricNameLabel,
  noLabels,
  quote,
} from "./labels.ts";
export * from "./histogram/index.ts";
export type { Matcher, MatcherType } from "./matcher.ts";
export { compileMatcher, type ValueMatcher } from "./value-matcher.ts";
export { isStaleAt, staleHigh, staleLow } from "./stale.ts";
export { anonymousTenant, parseTenantId, type TenantId } from "./tenant-id.ts";
