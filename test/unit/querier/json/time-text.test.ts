import { expect, test } from "vitest";
import {
  makeTimeTexts,
  scalarTimeText,
  timeSizeBytesMax,
  writeTime,
} from "../../../../server/querier/json/time-text.ts";

const ascii = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test.each([
  [1_700_000_000_000, "1700000000"],
  [1_700_000_000_001, "1700000000.001"],
  [1_700_000_000_010, "1700000000.010"],
  [1_700_000_000_100, "1700000000.100"],
  [0, "0"],
  [-1, "-0.001"],
  [-1500, "-1.500"],
  [Number.MAX_SAFE_INTEGER, "9007199254740.991"],
])("a sample at %d ms has the time %s", (timeMs, text) => {
  const bytes = new Uint8Array(timeSizeBytesMax);
  expect(ascii(bytes.subarray(0, writeTime(bytes, 0, timeMs)))).toBe(text);
});

test("times of scalars are plain floats", () => {
  expect([1000, 1_700_000_000_100, 2, -1].map(scalarTimeText)).toEqual([
    "1",
    "1700000000.1",
    "0.002",
    "-0.001",
  ]);
});

test("a grid holds the text of each step", () => {
  const texts = makeTimeTexts({ startMs: 999_500, stepMs: 500, steps: 3 });
  const each = [0, 1, 2].map((i) => texts.bytes.subarray(texts.starts[i], texts.starts[i + 1]));
  expect(each.map(ascii)).toEqual(["999.500", "1000", "1000.500"]);
});
