import { expect, test } from "vitest";
import { mergeHistograms } from "../../../server/shard/series-histograms.ts";

const stale = Uint8Array.of(0x19, 0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);
const value = (last: number): Uint8Array => Uint8Array.of(0x08, 1, 0x19, 0, 0, last);

test("histograms of several chunks become one ascending list", () => {
  const merged = mergeHistograms([
    [
      { timeMs: 3, message: value(1) },
      { timeMs: 5, message: stale },
    ],
    [
      { timeMs: 1, message: value(2) },
      { timeMs: 3, message: value(9) },
      { timeMs: 5, message: value(0) },
    ],
    [{ timeMs: 1, message: stale }],
  ]);
  expect(merged).toEqual([
    { timeMs: 1, message: value(2) },
    { timeMs: 3, message: value(9) },
    { timeMs: 5, message: value(0) },
  ]);
});
