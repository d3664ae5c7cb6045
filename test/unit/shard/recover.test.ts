import { describe, expect, test } from "vitest";
import type { ShardKernel } from "../../../server/kernel/index.ts";
import { createFaultyVfs } from "../../support/faulty-vfs.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import {
  countSamples,
  manySeries,
  openTestShard,
  pushSeries,
  readAll,
  testKernel,
} from "../../support/shard-world.ts";

const startMs = 1_700_000_000_000;

/** A kernel that fails whenever it replays a record of this size. */
async function failingOn(sizeBytes: number): Promise<ShardKernel> {
  const kernel = await testKernel();
  const replay = kernel.replay.bind(kernel);
  kernel.replay = (size, from, to) => {
    if (size === sizeBytes) throw new Error("unreachable executed");
    return replay(size, from, to);
  };
  return kernel;
}

describe("a record on which the kernel fails", () => {
  test("is set aside after the second time, reported, and stays away", async () => {
    const vfs = createFaultyVfs();
    const clock = createManualClock(startMs);
    const shard = await openTestShard(vfs, clock);
    await pushSeries(shard, manySeries("up", 3, [startMs, 1]));
    await pushSeries(shard, manySeries("up", 2, [startMs + 1, 1]));
    await pushSeries(shard, manySeries("up", 3, [startMs + 2, 1]));
    await shard.close();
    let kernels = 0;
    const again = await openTestShard(vfs, clock, {
      createKernel: () => {
        kernels++;
        // Two known series, one row each: head, refs, times, values.
        return failingOn(12 + 2 * 20);
      },
    });
    expect(kernels).toBe(3);
    expect(vfs.list("/data/shard/set-aside")).toHaveLength(1);
    expect(countSamples(await readAll(again))).toBe(6);
    const range = { tenant: "anonymous", startMs, endMs: startMs + 5 };
    expect(again.reader.holes(range)).toMatchObject([{ tenant: 0, startMs }]);
    await pushSeries(again, manySeries("up", 1, [startMs + 3, 1]));
    await again.close();
    const third = await openTestShard(vfs, clock);
    expect(countSamples(await readAll(third))).toBe(7);
    expect(third.reader.holes(range)).toHaveLength(1);
  });
});

describe("a restart on a disk that fails", () => {
  test("cannot lose what is there: it is refused, and the next one succeeds", async () => {
    const base = createFaultyVfs();
    const clock = createManualClock(startMs);
    const shard = await openTestShard(base, clock);
    for (let i = 0; i < 200; i++) {
      await pushSeries(shard, manySeries("up", 3, [startMs + 1000 * i, i]));
      if (i === 100) await shard.takeSnapshot();
    }
    const dry = base.afterKill();
    await openTestShard(dry, clock);
    for (let step = 1; step <= dry.operations; step++) {
      const vfs = base.afterKill();
      vfs.fault = () => (vfs.operations === step ? { error: "EIO" } : undefined);
      await openTestShard(vfs, clock).catch(() => undefined);
      const again = await openTestShard(vfs.afterKill(), clock);
      expect(countSamples(await readAll(again)), `step ${step}`).toBe(600);
      expect(again.recovery.holesFound, `step ${step}`).toBe(0);
    }
  });

  test("a full disk lets the shard open and answer, and refuses batches", async () => {
    const base = createFaultyVfs();
    const clock = createManualClock(startMs);
    const shard = await openTestShard(base, clock);
    for (let i = 0; i < 200; i++) {
      await pushSeries(shard, manySeries("up", 3, [startMs + 1000 * i, i]));
    }
    const full = base.afterKill();
    full.fault = ({ kind }) => (kind === "write" ? { error: "ENOSPC" } : undefined);
    const again = await openTestShard(full, clock);
    expect(countSamples(await readAll(again))).toBe(600);
    const batch = manySeries("up", 3, [startMs + 300_000, 1]);
    await expect(pushSeries(again, batch)).rejects.toMatchObject({
      id: "err-urd-ingester-log-unavailable",
    });
    full.fault = undefined;
    expect((await pushSeries(again, batch)).samplesStored).toBe(3);
  });
});
