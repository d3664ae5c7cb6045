import type { EngineOptions } from "./engine.ts";

/** The parts of the language that can be switched, each by one of Prometheus's feature flags. */
export interface LanguageSwitches {
  readonly experimentalFunctions: boolean;
  readonly durationExpressions: boolean;
  readonly extendedRangeSelectors: boolean;
  readonly fillModifiers: boolean;
  readonly delayedNameRemoval: boolean;
  readonly useStartTimestamps: boolean;
  readonly typeAndUnitLabels: boolean;
}

/** The switches as options of an engine or a query; `parse` alone is what a parser needs. */
export function switchOptions(
  switches: LanguageSwitches,
): EngineOptions & Required<Pick<EngineOptions, "parse">> {
  const { experimentalFunctions, durationExpressions, extendedRangeSelectors } = switches;
  const { fillModifiers, delayedNameRemoval, useStartTimestamps, typeAndUnitLabels } = switches;
  return {
    ...{ delayedNameRemoval, useStartTimestamps, typeAndUnitLabels },
    parse: { experimentalFunctions, durationExpressions, extendedRangeSelectors, fillModifiers },
  };
}
