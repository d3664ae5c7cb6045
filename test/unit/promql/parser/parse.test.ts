import { describe, expect, test } from "vitest";
import { PromqlError } from "../../../../server/promql/parser/error.ts";
import {
  parseExpr,
  parseMetric,
  parseMetricPrefix,
  parseSeriesSelector,
} from "../../../../server/promql/parser/parse.ts";

test("a query becomes a tree with places in bytes", () => {
  expect(parseExpr(`sum by ("é") (rate(up[5m]))`)).toEqual({
    kind: "aggregate",
    op: "sum",
    param: undefined,
    grouping: ["é"],
    without: false,
    position: { start: 0, end: 28 },
    expr: {
      kind: "call",
      func: "rate",
      position: { start: 15, end: 27 },
      args: [
        {
          kind: "matrix-selector",
          range: { kind: "ms", ms: 300_000 },
          position: { start: 20, end: 26 },
          selector: {
            kind: "vector-selector",
            name: "up",
            matchers: [{ type: "=", name: "__name__", value: "up" }],
            offset: undefined,
            at: undefined,
            extended: undefined,
            position: { start: 20, end: 22 },
          },
        },
      ],
    },
  });
});

test("signs before numbers are part of them", () => {
  expect(parseExpr("- 5m")).toEqual({
    kind: "number",
    value: -300,
    duration: true,
    position: { start: 0, end: 4 },
  });
  expect(parseExpr("-(5)")).toMatchObject({ kind: "unary", expr: { kind: "paren" } });
});

test("the words of functions and modifiers are names elsewhere", () => {
  for (const name of ["sum", "by", "offset", "start", "min_of", "and", "rate", "fill"]) {
    expect(parseExpr(name)).toMatchObject({ kind: "vector-selector", name });
  }
});

describe("bounds", () => {
  const hostile: readonly [string, string][] = [
    ["brackets", "(".repeat(100_000)],
    ["closed brackets", `${"(".repeat(100_000)}1${")".repeat(100_000)}`],
    ["signs", `${"-".repeat(100_000)}a`],
    ["additions", `${"1+".repeat(200_000)}1`],
    ["powers", `${"1^".repeat(200_000)}1`],
    ["calls", "abs(".repeat(50_000)],
    ["offsets", `a${" offset 0s".repeat(100_000)} offset 5m [5m]`],
    ["subqueries", `a${"[5m:]".repeat(100_000)}`],
    ["matchers", `a{${'b="c",'.repeat(100_000)}}`],
    ["labels", `sum by (${"a,".repeat(200_000)}) (b)`],
    ["arguments", `label_join(${"a,".repeat(200_000)}b)`],
    ["duration signs", `a[${"-".repeat(100_000)}5m]`],
    ["duration sums", `a[${"5m+".repeat(200_000)}5m]`],
    ["duration brackets", `a[${"(".repeat(100_000)}`],
    ["long", "a".repeat(2_000_000)],
  ];
  test.each(hostile)("%s are refused, not followed", (_, text) => {
    expect(() => parseExpr(text)).toThrow(PromqlError);
  });

  test("what people write fits them", () => {
    const sum = Array.from({ length: 500 }, (_, i) => `metric_${i}`).join(" + ");
    expect(parseExpr(sum).kind).toBe("binary");
    expect(parseExpr(`${"(".repeat(100)}a${")".repeat(100)}`).kind).toBe("paren");
  });

  test("refusals for size say so", () => {
    const refusal = (text: string): unknown => {
      try {
        return parseExpr(text);
      } catch (error) {
        return error;
      }
    };
    expect(refusal("(".repeat(1000))).toMatchObject({ kind: "limit" });
    expect(refusal("1+".repeat(5000))).toMatchObject({ kind: "limit" });
    expect(refusal("x".repeat(2_000_000))).toMatchObject({ kind: "limit" });
    expect(refusal("a b")).toMatchObject({ kind: "syntax" });
    expect(refusal("rate(a)")).toMatchObject({ kind: "type" });
  });
});

describe("selectors and metrics alone", () => {
  test("a selector gives its matchers, the name's last", () => {
    expect(parseSeriesSelector(`up{a!="b"}`)).toEqual([
      { type: "!=", name: "a", value: "b" },
      { type: "=", name: "__name__", value: "up" },
    ]);
    expect(parseSeriesSelector("{}")).toEqual([]);
    expect(() => parseSeriesSelector("up[5m]")).toThrow('1:3: parse error: unexpected "["');
    expect(() => parseSeriesSelector("5")).toThrow('unexpected number "5"');
    expect(() => parseSeriesSelector("up offset 5m")).toThrow("unexpected <offset>");
  });

  test("a metric gives its labels", () => {
    expect(parseMetric(`up {b="2", a="1"}`)).toEqual(["__name__", "up", "a", "1", "b", "2"]);
    expect(parseMetric(`{"my.metric"}`)).toEqual(["__name__", "my.metric"]);
    expect(() => parseMetric("up{a=5}")).toThrow("unexpected character inside braces: '5'");
  });

  test("the metric of a series description leaves the rest alone", () => {
    const described = (text: string): unknown => {
      const { labels, end } = parseMetricPrefix(text);
      return [labels, text.slice(end)];
    };
    expect(described("up 1 2x3 $")).toEqual([["__name__", "up"], " 1 2x3 $"]);
    expect(described(`up{a="é"} {{schema:0}}`)).toEqual([
      ["__name__", "up", "a", "é"],
      " {{schema:0}}",
    ]);
    expect(described(`{a="b"} 1`)).toEqual([["a", "b"], " 1"]);
    expect(described("sum")).toEqual([["__name__", "sum"], ""]);
  });
});
