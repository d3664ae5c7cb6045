import { expect, test } from "vitest";
import { timesOfRecord } from "../../../server/shard/batch-times.ts";
import { HoleFinder } from "../../../server/shard/hole-finder.ts";
import { decodeHole, type Hole, Holes, holeRecord } from "../../../server/shard/holes.ts";

/** A record body without definitions, with rows at these times. */
function batchBody(times: readonly number[]): Uint8Array {
  const body = new Uint8Array(12 + 20 * times.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(8, times.length, true);
  for (const [row, timeMs] of times.entries()) {
    view.setBigInt64(12 + 4 * times.length + 8 * row, BigInt(timeMs), true);
  }
  return body;
}

test("times of a record", () => {
  expect(timesOfRecord(batchBody([5, -3, 9]))).toEqual({ minMs: -3, maxMs: 9 });
  expect(timesOfRecord(batchBody([1_700_000_000_000]))?.minMs).toBe(1_700_000_000_000);
  expect(timesOfRecord(batchBody([]))).toBeUndefined();
  expect(timesOfRecord(new Uint8Array(3))).toBeUndefined();
  expect(timesOfRecord(batchBody([1, 2]).subarray(0, 40))).toBeUndefined();
});

test("a hole reaches over the records around it", () => {
  const holes = new Holes();
  const finder = new HoleFinder(holes, 5000);
  finder.record(batchBody([100, 110]));
  finder.lost(7, "a record is damaged");
  finder.record(batchBody([90, 130]));
  finder.record(batchBody([140]));
  finder.end();
  expect(finder.found).toEqual([
    { position: 7, tenant: 0, startMs: 90, endMs: 5000, cause: "a record is damaged" },
  ]);
});

test("a hole with nothing before it begins at the beginning of time", () => {
  const finder = new HoleFinder(new Holes(), 5000);
  finder.lost(0, "gone");
  for (let i = 0; i < 40; i++) finder.record(batchBody([100 + i]));
  expect(finder.found).toMatchObject([{ startMs: 0, endMs: 131 }]);
});

test("holes are found by tenant and time, kept once, and bounded in number", () => {
  const holes = new Holes();
  const hole: Hole = { position: 1, tenant: 2, startMs: 10, endMs: 20, cause: "x" };
  holes.add(hole);
  holes.add(hole);
  expect(holes.all).toEqual([hole]);
  expect(holes.has(1)).toBe(true);
  expect(holes.touching({ tenant: 2, startMs: 20, endMs: 30 })).toEqual([hole]);
  expect(holes.touching({ tenant: 3, startMs: 20, endMs: 30 })).toEqual([]);
  expect(holes.touching({ tenant: 2, startMs: 21, endMs: 30 })).toEqual([]);
  for (let i = 2; i < 1500; i++) holes.add({ ...hole, position: i, tenant: i, endMs: 20 + i });
  expect(holes.all).toHaveLength(1000);
  expect(holes.all.at(-1)).toMatchObject({ tenant: 0, endMs: 20 + 1499 });
});

test("a hole's record is read as it was written", () => {
  const hole: Hole = { position: 9e9, tenant: 4, startMs: -5, endMs: 1.7e12, cause: "é" };
  expect(decodeHole(holeRecord(hole).body)).toEqual(hole);
  expect(decodeHole(new Uint8Array(27))).toBeUndefined();
});
