import { compileMatcher, type Matcher } from "../model/index.ts";
import type { IndexReader } from "./index/reader.ts";
import { intersect, subtract, uniteDisjoint } from "./index/ref-sets.ts";

/**
 * References of the series of an index that fulfil all matchers, ascending; no matcher selects
 * every series. A matcher that the empty value fulfils leaves out the series whose value does
 * not fulfil it, so that series without the label stay; any other one keeps the series whose
 * value does. Throws CorruptionError, and re2js's error for a pattern that is not RE2.
 */
export function selectSeries(index: IndexReader, matchers: readonly Matcher[]): Uint32Array {
  let refs: Uint32Array | undefined;
  const excluded: Uint32Array[] = [];
  for (const matcher of matchers) {
    const compiled = compileMatcher(matcher);
    if (compiled.matches("")) {
      excluded.push(withValues(index, matcher.name, (value) => !compiled.matches(value)));
      continue;
    }
    const positive = matcher.type === "=" || matcher.type === "=~";
    const found =
      positive && compiled.literals !== undefined
        ? uniteDisjoint(
            [...new Set(compiled.literals)].map((value) => index.postings(matcher.name, value)),
          )
        : withValues(index, matcher.name, compiled.matches);
    refs = refs === undefined ? found : intersect(refs, found);
    if (refs.length === 0) return refs;
  }
  let result = refs ?? index.allPostings();
  for (const set of excluded) result = subtract(result, set);
  return result;
}

/** Series whose value of `name` passes the test. */
function withValues(
  index: IndexReader,
  name: string,
  test: (value: string) => boolean,
): Uint32Array {
  const values = index.labelValues(name).filter(test);
  return uniteDisjoint(values.map((value) => index.postings(name, value)));
}
