import { describe, expect, test } from "vitest";
import { type Expr, parseExpr } from "../../../../server/promql/index.ts";
import {
  endTimeMs,
  firstStepGrid,
  instantGrid,
  rangeGrid,
} from "../../../../server/promql/plan/grid.ts";
import {
  instantSelection,
  rangeSelection,
  subqueryGrid,
} from "../../../../server/promql/plan/selector-ranges.ts";

const grid = rangeGrid({ startMs: 600_000, endMs: 665_000, stepMs: 20_000 });

function parsed<K extends Expr["kind"]>(text: string, kind: K): Extract<Expr, { kind: K }> {
  const expr = parseExpr(text, { extendedRangeSelectors: true });
  if (expr.kind !== kind) throw new Error(`${text} is ${expr.kind}`);
  return expr as Extract<Expr, { kind: K }>;
}

describe("grids", () => {
  test("steps reach the end but not beyond", () => {
    expect(grid.count).toBe(4);
    expect(endTimeMs(grid)).toBe(660_000);
    expect(rangeGrid({ startMs: 0, endMs: 10, stepMs: 10 }).count).toBe(2);
    expect(rangeGrid({ startMs: 0, endMs: 9, stepMs: 10 }).count).toBe(1);
    expect(instantGrid(5)).toEqual({ startMs: 5, stepMs: 1, count: 1 });
    expect(firstStepGrid(grid).count).toBe(1);
  });
});

describe("selections", () => {
  const instant = (text: string): readonly number[] => {
    const { startMs, endMs } = instantSelection(parsed(text, "vector-selector"), grid, 300_000);
    return [startMs, endMs];
  };
  const range = (text: string): readonly number[] => {
    const { startMs, endMs } = rangeSelection(parsed(text, "matrix-selector"), grid, 300_000);
    return [startMs, endMs];
  };

  test.each([
    ["x", [300_001, 660_000]],
    ["x offset 1m", [240_001, 600_000]],
    ["x offset -1m", [360_001, 720_000]],
    ["x @ 100", [-199_999, 100_000]],
    ["x @ 100 offset 10s", [-209_999, 90_000]],
    ["x smoothed", [300_001, 960_000]],
  ])("%s", (text, expected) => {
    expect(instant(text)).toEqual(expected);
  });

  test.each([
    ["x[1m]", [540_001, 660_000]],
    ["x[1m] offset 1m", [480_001, 600_000]],
    ["x[1m] @ 100", [40_001, 100_000]],
    ["x[1m] anchored", [240_001, 660_000]],
    ["x[1m] smoothed", [240_001, 960_000]],
  ])("%s", (text, expected) => {
    expect(range(text)).toEqual(expected);
  });
});

describe("subqueries", () => {
  test.each([
    ["x[1m:30s]", { startMs: 570_000, stepMs: 30_000, count: 4 }],
    ["x[1m:7s]", { startMs: 546_000, stepMs: 7000, count: 17 }],
    ["x[1m:]", { startMs: 600_000, stepMs: 60_000, count: 2 }],
    ["x[1m:30s] offset 1m", { startMs: 510_000, stepMs: 30_000, count: 4 }],
    ["x[1m:30s] @ 10", { startMs: -30_000, stepMs: 30_000, count: 2 }],
    ["x[1s:10m] @ 1", { startMs: 600_000, stepMs: 600_000, count: 0 }],
  ])("%s: multiples of the step, the range's start left out", (text, expected) => {
    expect(subqueryGrid(parsed(text, "subquery"), grid, 60_000)).toEqual(expected);
  });
});
