import { expect, test } from "vitest";
import { dateFunctions } from "../../../../server/promql/functions/date.ts";

const parts = (seconds: number): readonly (number | undefined)[] =>
  ["year", "month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute"].map((name) =>
    dateFunctions[name]?.(seconds, []),
  );

test("times within reach of JavaScript are what its dates say", () => {
  for (let i = 0; i < 20_000; i++) {
    const seconds = Math.floor(Math.sin(i) * 1e11);
    const date = new Date(seconds * 1000);
    const [year, month, day, weekday] = parts(seconds);
    expect([year, month, day, weekday]).toEqual([
      ...[date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()],
    ]);
  }
});

test("leap years end in time", () => {
  const seconds = (text: string): number => Date.parse(text) / 1000;
  expect(parts(seconds("2000-12-31T23:59:59Z"))).toEqual([2000, 12, 31, 0, 366, 23, 59]);
  expect(parts(seconds("1900-03-01T00:00:00Z"))).toEqual([1900, 3, 1, 4, 60, 0, 0]);
  const days = (text: string): unknown => dateFunctions["days_in_month"]?.(seconds(text), []);
  expect([days("2000-02-01T00:00:00Z"), days("1900-02-01T00:00:00Z")]).toEqual([29, 28]);
});

test("what is no moment is Go's smallest integer, wrapped around", () => {
  for (const value of [Number.NaN, Infinity, -Infinity, -(2 ** 63)]) {
    expect(parts(value)).toEqual([292277026596, 12, 4, 0, 339, 15, 30]);
  }
});
