import { describe, expect, test } from "vitest";
import { checkSnapshot, skipRange } from "../../../../server/shard/snapshot/read-snapshot.ts";
import { createFaultyVfs } from "../../../support/faulty-vfs.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import {
  countSamples,
  manySeries,
  openTestShard,
  pushSeries,
  readAll,
} from "../../../support/shard-world.ts";

const startMs = 1_700_000_000_000;
const path = "/data/shard/snapshots/00000001.snapshot";

async function withSnapshot() {
  const vfs = createFaultyVfs();
  const clock = createManualClock();
  const shard = await openTestShard(vfs, clock);
  for (let i = 0; i < 150; i++) {
    await pushSeries(shard, manySeries("up", 5, [startMs + 1000 * i, i]));
  }
  expect(await shard.takeSnapshot()).toBe(true);
  return { vfs, clock, shard };
}

describe("a snapshot", () => {
  test("holds everything up to its end, in slices of ascending position", async () => {
    const { vfs, clock } = await withSnapshot();
    const found = checkSnapshot(vfs, path);
    expect(found.slices.length).toBeGreaterThan(1);
    expect(found.endPosition).toBeGreaterThanOrEqual(found.startPosition);
    const after = vfs.afterPowerLoss();
    const again = await openTestShard(after, clock);
    expect(again.recovery.recordsReplayed).toBe(0);
    expect(countSamples(await readAll(again))).toBe(750);
  });

  test("with any flipped bit is not used, and the log brings everything back", async () => {
    const { vfs, clock } = await withSnapshot();
    const size = vfs.contents(path).length;
    for (let bit = 0; bit < 8 * size; bit += 8 * 97 + 3) {
      const after = vfs.afterKill();
      after.flipBit(path, bit);
      const again = await openTestShard(after, clock);
      expect(again.recovery.recordsReplayed, `bit ${bit}`).toBeGreaterThan(100);
      expect(countSamples(await readAll(again)), `bit ${bit}`).toBe(750);
    }
  });

  test("cut off anywhere is not used", async () => {
    const { vfs } = await withSnapshot();
    const bytes = vfs.contents(path);
    for (const size of [0, 10, 31, 32, 60, bytes.length - 1]) {
      const after = vfs.afterKill();
      after.open(path, "update").truncate(size);
      expect(() => checkSnapshot(after, path), `size ${size}`).toThrow(/at byte/);
    }
  });

  test("of a newer format stops the start with a sentence", async () => {
    const { vfs } = await withSnapshot();
    const bytes = vfs.contents(path);
    bytes[4] = 2;
    const { crc32 } = await import("node:zlib");
    new DataView(bytes.buffer).setUint32(28, crc32(bytes.subarray(0, 28)), true);
    vfs.open(path, "update").write(bytes, 0);
    expect(() => checkSnapshot(vfs, path)).toThrow(/format 2 .* newer version/);
  });

  test("is taken at any step of a crash without harm", async () => {
    const { vfs, clock } = await withSnapshot();
    const base = vfs.afterKill();
    const dry = base.afterKill();
    const dryShard = await openTestShard(dry, clock);
    const opened = dry.operations;
    await pushSeries(dryShard, manySeries("up", 5, [startMs + 200_000, 1]));
    await dryShard.takeSnapshot();
    for (let step = opened; step <= dry.operations; step++) {
      const world = base.afterKill();
      const shard = await openTestShard(world, clock);
      world.fault = () => (world.operations >= step ? { crash: true } : undefined);
      const pushed = await pushSeries(shard, manySeries("up", 5, [startMs + 200_000, 1])).catch(
        () => undefined,
      );
      await shard.takeSnapshot();
      const again = await openTestShard(world.afterKill(), clock);
      const expected = pushed === undefined ? 750 : 755;
      expect(countSamples(await readAll(again)), `step ${step}`).toBeGreaterThanOrEqual(expected);
      expect(again.recovery.holesFound, `step ${step}`).toBe(0);
    }
  });

  test("is taken by itself when the log has grown, and two are kept", async () => {
    const vfs = createFaultyVfs();
    const clock = createManualClock();
    const { smallSettings } = await import("../../../support/shard-world.ts");
    const settings = { ...smallSettings, snapshotLogSizeBytesMin: 8000 };
    const shard = await openTestShard(vfs, clock, { settings });
    for (let i = 0; i < 600; i++) {
      await pushSeries(shard, manySeries("up", 5, [startMs + 1000 * i, i]));
    }
    await shard.takeSnapshot();
    expect(vfs.list("/data/shard/snapshots")).toHaveLength(2);
    expect(vfs.list("/data/shard/log")[0]).not.toBe("00000001.log");
    const again = await openTestShard(vfs.afterKill(), clock);
    expect(countSamples(await readAll(again))).toBe(3000);
  });
});

test("rows that a slice holds are skipped, newer ones are not", () => {
  const slices = [
    { firstRef: 1, position: 100 },
    { firstRef: 50, position: 100 },
    { firstRef: 90, position: 300 },
  ];
  expect(skipRange(slices, 100)).toEqual([1, 0xffff_ffff]);
  expect(skipRange(slices, 101)).toEqual([90, 0xffff_ffff]);
  expect(skipRange(slices, 300)).toEqual([90, 0xffff_ffff]);
  const [from, to] = skipRange(slices, 301);
  expect(from).toBeGreaterThan(to);
  expect(skipRange([], 5)[0]).toBeGreaterThan(skipRange([], 5)[1]);
});
