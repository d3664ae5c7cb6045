import { type Matcher, urdError } from "../model/index.ts";
import { matchesEmpty, parseSeriesSelector, PromqlError } from "../promql/index.ts";
import type { Selection } from "../storage/index.ts";

/** What label calls say about the series they mean. */
export interface LabelScope {
  /** Series selectors in PromQL. */
  readonly selectors: readonly string[];
  readonly startMs?: bigint | undefined;
  readonly endMs?: bigint | undefined;
}

/**
 * The selections of a label call; none means all series at all times. Throws query-invalid
 * with Prometheus's text for a selector that is not one, or that selects everything.
 */
export function selectionsOf(scope: LabelScope): readonly Selection[] {
  const range = {
    startMs: scope.startMs === undefined ? -Infinity : Number(scope.startMs),
    endMs: scope.endMs === undefined ? Infinity : Number(scope.endMs),
  };
  if (scope.selectors.length > 0) {
    return scope.selectors.map((text) => ({ matchers: matchersOf(text), ...range }));
  }
  const isEverything = range.startMs === -Infinity && range.endMs === Infinity;
  return isEverything ? [] : [{ matchers: [], ...range }];
}

function matchersOf(text: string): readonly Matcher[] {
  const matchers = parse(text);
  if (matchers.every(matchesEmpty)) {
    throw urdError("query-invalid", "match[] must contain at least one non-empty matcher");
  }
  return matchers;
}

function parse(text: string): readonly Matcher[] {
  try {
    return parseSeriesSelector(text);
  } catch (error) {
    if (error instanceof PromqlError) {
      throw urdError("query-invalid", error.message, { cause: error });
    }
    throw error;
  }
}
