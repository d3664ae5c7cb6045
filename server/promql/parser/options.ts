/** Switches and bounds of the parser. */
export interface ParseOptions {
  /** Functions and aggregations that Prometheus calls experimental. Default off. */
  readonly experimentalFunctions?: boolean;
  /** Arithmetic in durations. Default on, as since Prometheus 3.14. */
  readonly durationExpressions?: boolean;
  /** `anchored` and `smoothed`. Default off. */
  readonly extendedRangeSelectors?: boolean;
  /** `fill`, `fill_left`, `fill_right`. Default off. */
  readonly fillModifiers?: boolean;
  /** Longest text. Default 1 MiB; tenants' own limits are checked before. */
  readonly textBytesMax?: number;
  /** How deep parentheses, calls, signs and right-hand sides may nest. Default 250. */
  readonly nestingMax?: number;
  /**
   * How tall the tree may be, which for `a + b + c …` is the number of operators. Default 1,000:
   * everything that walks a tree recurses, and this many frames fit any thread's stack.
   */
  readonly heightMax?: number;
  /** How many nodes the tree may have, matchers and labels included. Default 50,000. */
  readonly nodesMax?: number;
  /** How many patterns beyond the plainest; compiling one takes up to 5 ms. Default 1,000. */
  readonly patternsMax?: number;
}

/** What holds where an option is not given. */
export const defaultParseOptions: Required<ParseOptions> = {
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  fillModifiers: false,
  textBytesMax: 1 << 20,
  nestingMax: 250,
  heightMax: 1000,
  nodesMax: 50_000,
  patternsMax: 1000,
};
