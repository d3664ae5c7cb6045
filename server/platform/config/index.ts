export type { Environment } from "./expand.ts";
export {
  type Bounds,
  decimal,
  duration,
  formatDurationMs,
  formatSizeBytes,
  integer,
  oneOf,
  parseDurationMs,
  parseSizeBytes,
  size,
  someOf,
  text,
  truth,
  type ValueKind,
} from "./kinds.ts";
export { ConfigError, type ConfigSources, loadConfig } from "./load.ts";
export { nearestName } from "./nearest.ts";
export {
  type Maturity,
  type Option,
  type OptionSpec,
  type OptionTable,
  option,
} from "./option.ts";
export { helpText, printConfig, referenceMarkdown } from "./reference.ts";
