import { expect, test } from "vitest";
import { makeColumns, reserveSamples } from "../../../../server/tsdb/index.ts";

test("growing keeps the samples and the payload of NaNs", () => {
  const columns = makeColumns(1);
  columns.timesMs[0] = 42;
  columns.words.set([2, 0x7ff0_0000]);
  columns.length = 1;
  reserveSamples(columns, 100);
  expect(columns.timesMs.length).toBeGreaterThanOrEqual(101);
  expect([columns.timesMs[0], columns.words[0], columns.words[1]]).toEqual([42, 2, 0x7ff0_0000]);
  columns.values[5] = 1;
  expect(columns.words[11]).toBe(0x3ff0_0000);
});
