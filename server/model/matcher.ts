/** A label matcher's operator. */
export type MatcherType = "=" | "!=" | "=~" | "!~";

/**
 * One condition on one label. A series without the label has the empty value there. Patterns
 * are RE2, fully anchored, and the dot matches newlines; they are compiled by whoever
 * evaluates them, in linear time.
 */
export interface Matcher {
  readonly type: MatcherType;
  readonly name: string;
  readonly value: string;
}
