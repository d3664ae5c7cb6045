import { expect, test } from "vitest";
import { bucketsFrom, customSchema, emptyHistogram } from "../../../server/model/index.ts";
import { printHistogram } from "../../../server/promql/histogram-text.ts";

test.each([
  [emptyHistogram, "{count:0, sum:0}"],
  [
    {
      ...emptyHistogram,
      ...{ count: 20, sum: 1e6, zeroThreshold: 0.001, zeroCount: 2 },
      ...{ negative: bucketsFrom(0, [1, 2]), positive: bucketsFrom(0, [1, 0, 2.5]) },
    },
    "{count:20, sum:1e+06, [-2,-1):2, [-1,-0.5):1, [-0.001,0.001]:2, (0.5,1]:1, (2,4]:2.5}",
  ],
  [
    {
      ...emptyHistogram,
      ...{ schema: customSchema, customBounds: [5, 10], count: 3, sum: Number.NaN },
      positive: bucketsFrom(0, [1, 1, 1]),
    },
    "{count:3, sum:NaN, [-Inf,5]:1, (5,10]:1, (10,+Inf]:1}",
  ],
])("%o", (histogram, text) => {
  expect(printHistogram(histogram)).toBe(text);
});
