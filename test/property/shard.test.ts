import { expect, test } from "vitest";
import { type Prng, seededPrng } from "../../server/platform/base/index.ts";
import type { Shard } from "../../server/shard/index.ts";
import { CrashError, createFaultyVfs, type Fault, type FaultyVfs } from "../support/faulty-vfs.ts";
import type { TestSeries } from "../support/kernel-payloads.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { openTestShard, pushSeries, readAll, smallSettings } from "../support/shard-world.ts";

const startMs = 1_700_000_000_000;
const tenants = ["a", "b"];
const seeds = Array.from({ length: Number(process.env["URD_SEEDS"] ?? 20) }, (_, i) => i + 1);

/** What a sender knows: samples that were acknowledged, and those that may be there. */
class Ledger {
  readonly acknowledged = new Map<string, number>();
  readonly sent = new Map<string, number[]>();

  note(tenant: string, series: readonly TestSeries[], acknowledged: boolean): void {
    for (const { labels, samples } of series) {
      for (const [timeMs, value] of samples) {
        const key = `${tenant}|${labels.map((pair) => pair.join("=")).join(",")}|${timeMs}`;
        if (acknowledged && !this.acknowledged.has(key)) this.acknowledged.set(key, value);
        this.sent.set(key, [...(this.sent.get(key) ?? []), value]);
      }
    }
  }

  async compare(shard: Shard, about: string): Promise<void> {
    const missing = new Map(this.acknowledged);
    const strange: string[] = [];
    for (const tenant of tenants) {
      const onRepeated = (series: string, timeMs: number): void => {
        const key = `${tenant}|${series}|${timeMs}`;
        if (this.sent.get(key)?.length === 1) strange.push(`${key} is stored twice`);
      };
      for (const [series, samples] of await readAll(shard, { tenant, onRepeated })) {
        for (const [timeMs, value] of samples) {
          const key = `${tenant}|${series}|${timeMs}`;
          const expected = missing.get(key);
          missing.delete(key);
          const isRight =
            expected === undefined ? this.sent.get(key)?.includes(value) : expected === value;
          if (isRight !== true) strange.push(`${key} = ${value}, expected ${expected}`);
        }
      }
    }
    expect([...missing.keys()].slice(0, 5), `${about}: missing`).toEqual([]);
    expect(strange.slice(0, 5), `${about}: strange`).toEqual([]);
  }
}

function randomBatch(prng: Prng, nowMs: number): TestSeries[] {
  return Array.from({ length: 1 + prng.below(8) }, () => {
    const i = prng.below(30);
    const isLate = prng.below(4) === 0;
    const timeMs = nowMs - (isLate ? prng.below(3_000_000) : 0);
    return {
      labels: [
        ["__name__", "m"],
        ["i", String(i)],
      ],
      // The value follows from the time: a late sample that comes again is the same one.
      samples: [[timeMs, (timeMs % 1000) + i] as const],
    };
  });
}

const randomFault = (prng: Prng, sizeBytes: number): Fault | undefined => {
  switch (prng.below(60)) {
    case 0:
      return { error: "ENOSPC" };
    case 1:
      return { shortBytes: prng.below(sizeBytes + 1) };
    case 2:
      return { error: "EIO" };
    default:
      return undefined;
  }
};

/** One life of the process: pushes until the crash, if it comes. */
async function live(
  world: { vfs: FaultyVfs; clock: ManualClock; prng: Prng; ledger: Ledger; about: string },
  syncMode: "interval" | "always",
): Promise<void> {
  const { vfs, clock, prng, ledger } = world;
  const settings = { ...smallSettings, log: { ...smallSettings.log, syncMode } };
  const shard = await openTestShard(vfs, clock, { settings });
  await ledger.compare(shard, world.about);
  const crashAt = vfs.operations + prng.below(400);
  vfs.fault = ({ sizeBytes }) =>
    vfs.operations >= crashAt ? { crash: true } : randomFault(prng, sizeBytes);
  for (let step = 0; step < 60; step++) {
    clock.advance(prng.below(500));
    const pushes = Array.from({ length: 1 + prng.below(3) }, async () => {
      const tenant = tenants[prng.below(2)] as string;
      const series = randomBatch(prng, clock.nowMs());
      const format = prng.below(2) === 0 ? 1 : 2;
      const outcome = await pushSeries(shard, series, { tenant, format }).catch(() => undefined);
      const whole = outcome !== undefined && outcome.refusals.length === 0;
      ledger.note(tenant, series, whole);
    });
    await Promise.all(pushes);
    // Not waited for: batches come between its slices.
    if (prng.below(12) === 0) void shard.takeSnapshot();
  }
  vfs.fault = undefined;
  if (prng.below(2) === 0) await shard.close();
}

test.each(["interval", "always"] as const)(
  "whatever happens, no acknowledged sample is missing or doubled (sync %s)",
  async (syncMode) => {
    for (const seed of seeds) {
      const prng = seededPrng(seed * 7919);
      const ledger = new Ledger();
      const clock = createManualClock(startMs);
      let vfs = createFaultyVfs();
      for (let life = 0; life < 5; life++) {
        const about = `URD_SEEDS seed ${seed}, life ${life}, sync ${syncMode}`;
        await live({ vfs, clock, prng, ledger, about }, syncMode).catch((error: unknown) => {
          if (!(error instanceof CrashError)) throw error;
        });
        // Losing power is allowed to cost the last interval unless every batch was synced.
        vfs =
          syncMode === "always" && prng.below(2) === 0
            ? vfs.afterPowerLoss((_, unsynced) => prng.below(unsynced + 1))
            : vfs.afterKill();
      }
      const shard = await openTestShard(vfs, clock);
      await ledger.compare(shard, `URD_SEEDS seed ${seed}, at the end, sync ${syncMode}`);
      expect(shard.recovery.holesFound).toBe(0);
    }
  },
);
