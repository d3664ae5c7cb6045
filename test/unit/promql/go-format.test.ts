import { expect, test } from "vitest";
import { formatGeneral, formatTwoDigits } from "../../../server/promql/go-format.ts";

test.each([
  [1.5, "1.5"],
  [100000, "100000"],
  [1e6, "1e+06"],
  [1234567, "1.234567e+06"],
  [1e-5, "1e-05"],
  [0.0001, "0.0001"],
  [-0, "-0"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [Number.NaN, "NaN"],
])("%d as %%g", (value, text) => {
  expect(formatGeneral(value)).toBe(text);
});

test.each([
  [0, "0"],
  [0.123, "0.12"],
  [12.6, "13"],
  [123, "1.2e+02"],
  [100, "1e+02"],
  [0.00001, "1e-05"],
])("%d as %%.2g", (value, text) => {
  expect(formatTwoDigits(value)).toBe(text);
});
