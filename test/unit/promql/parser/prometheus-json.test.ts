import { expect, test } from "vitest";
import { parseExpr } from "../../../../server/promql/parser/parse.ts";
import { prometheusJson } from "../../../../server/promql/parser/prometheus-json.ts";

test("nodes have Prometheus's names and fields", () => {
  expect(prometheusJson(parseExpr("sum by (a) (rate(up[5m] offset 1m @ 2)) > bool -1"))).toEqual({
    type: "binaryExpr",
    op: ">",
    bool: true,
    matching: null,
    rhs: { type: "numberLiteral", val: "-1" },
    lhs: {
      type: "aggregation",
      op: "sum",
      param: null,
      grouping: ["a"],
      without: false,
      expr: {
        type: "call",
        func: { name: "rate", argTypes: ["matrix"], variadic: 0, returnType: "vector" },
        args: [
          {
            type: "matrixSelector",
            name: "up",
            range: 300_000,
            rangeExpr: null,
            offset: 60_000,
            offsetExpr: null,
            matchers: [{ type: "=", name: "__name__", value: "up" }],
            timestamp: 2000,
            startOrEnd: null,
            anchored: false,
            smoothed: false,
          },
        ],
      },
    },
  });
});

test("durations that are expressions are trees", () => {
  expect(prometheusJson(parseExpr("up[-(step() + 5m):] offset +range()"))).toMatchObject({
    type: "subquery",
    range: 0,
    step: 0,
    stepExpr: null,
    rangeExpr: {
      type: "durationExpr",
      op: "-",
      lhs: null,
      wrapped: false,
      rhs: {
        op: "+",
        wrapped: true,
        lhs: { op: "step", lhs: null, rhs: null },
        rhs: { type: "numberLiteral", val: "300", duration: true },
      },
    },
    offsetExpr: { op: "+", lhs: null, rhs: { op: "range" } },
  });
});

test("matching names both fill values", () => {
  const expr = parseExpr("a * on (x) fill_left (2) b", { fillModifiers: true });
  expect(prometheusJson(expr)).toMatchObject({
    matching: {
      card: "one-to-one",
      labels: ["x"],
      on: true,
      include: [],
      fillValues: { lhs: 2, rhs: null },
    },
  });
});
