import { expect, test } from "vitest";
import * as parser from "../../../../server/promql/parser/index.ts";

test("a query goes in and comes out through the folder's face", () => {
  expect(parser.printExpr(parser.parseExpr(" up [ 300 ] "))).toBe("up[5m]");
  expect(parser.defaultParseOptions).toMatchObject({
    experimentalFunctions: false,
    durationExpressions: true,
    extendedRangeSelectors: false,
    fillModifiers: false,
  });
});
