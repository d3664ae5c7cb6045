export { type AnnotationTexts } from "./annotations.ts";
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type InstantQuery,
  type QueryOptions,
  type RangeQuery,
} from "./engine.ts";
export type { PlanNode } from "./explain.ts";
export { type LanguageSwitches, switchOptions } from "./language-switches.ts";
export { isPresent, type Presence } from "./operators/presence.ts";
export { Profile } from "./operators/profile.ts";
export type { StepSeries } from "./operators/stream.ts";
export * from "./parser/index.ts";
export { type StepGrid, stepTimeMs } from "./plan/grid.ts";
export type { QueryResult, QueryStats, ResultBatch } from "./result.ts";
export type { TurnTaker } from "./turn.ts";
