import { expect, test } from "vitest";
import { type Prng, seededPrng } from "../../server/platform/base/index.ts";
import { removeUnfinishedBlocks } from "../../server/blocks/index.ts";
import { createFaultyVfs, type Fault, type FaultyVfs } from "../support/faulty-vfs.ts";
import type { TestSeries } from "../support/kernel-payloads.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { pushSeries, smallSettings } from "../support/shard-world.ts";
import {
  cutDataDir,
  type CutWorld,
  keyOf,
  openCutWorld,
  readSamples,
} from "../support/cut-world.ts";

const startMs = 1_700_006_400_000;
const hourMs = 3_600_000;
const tenants = ["a", "b"];
const shardCount = 2;
const seeds = Array.from({ length: Number(process.env["URD_SEEDS"] ?? 4) }, (_, i) => i + 1);
const everything = { matchers: [], startMs: startMs - 1e9, endMs: startMs + 1e12 };
const staleBits = 0x7ff0000000000002n;

/** Samples that were acknowledged, and all that were sent: tenant and series → time → bits. */
class Ledger {
  readonly acknowledged = new Map<string, Map<number, bigint>>();
  readonly sent = new Map<string, Map<number, bigint>>();

  note(tenant: string, series: readonly TestSeries[], acknowledged: boolean): void {
    for (const { labels, samples } of series) {
      const key = `${tenant}|${keyOf(labels.flat())}`;
      for (const [timeMs, value] of samples) {
        put(this.sent, key, timeMs, bitsOf(value));
        if (acknowledged) put(this.acknowledged, key, timeMs, bitsOf(value));
      }
    }
  }

  /** Reads everything as queries do: what was acknowledged before must be there. */
  async compare(world: CutWorld, about: string): Promise<void> {
    const expected = structuredClone(this.acknowledged);
    const faults: string[] = [];
    for (const tenant of tenants) {
      const found = await readSamples(world.source(tenant), everything);
      for (const [series, samples] of found) {
        const key = `${tenant}|${series}`;
        for (const [timeMs, bits] of samples) {
          if (this.sent.get(key)?.get(timeMs) !== bits) faults.push(`${key} ${timeMs} is strange`);
          expected.get(key)?.delete(timeMs);
        }
      }
    }
    for (const [key, samples] of expected) {
      for (const timeMs of samples.keys()) faults.push(`${key} ${timeMs} is missing`);
    }
    expect(faults.slice(0, 5), about).toEqual([]);
  }
}

function put(
  into: Map<string, Map<number, bigint>>,
  key: string,
  ...[timeMs, bits]: [number, bigint]
): void {
  const samples = into.get(key) ?? new Map<number, bigint>();
  into.set(key, samples.set(timeMs, bits));
}

function bitsOf(value: number): bigint {
  if (Number.isNaN(value)) return staleBits;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** Series come and go: the number of the hour is a label of half of them. */
function randomBatch(prng: Prng, nowMs: number, shard: number): TestSeries[] {
  const hour = Math.floor(nowMs / hourMs);
  const chosen = new Set(Array.from({ length: 1 + prng.below(10) }, () => prng.below(20)));
  return [...chosen].map((i) => {
    const timeMs = nowMs - (prng.below(4) === 0 ? prng.below(2 * hourMs) : 0);
    const pod: [string, string][] = i % 2 === 0 ? [["pod", `${hour}-${i}`]] : [];
    const label: [string, string] = ["i", String(i * shardCount + shard)];
    // The value follows from the time: a late sample that comes again is the same one.
    return {
      labels: [["__name__", `m${i % 3}`] as const, label, ...pod],
      samples: [[timeMs, (timeMs % 1000) + i] as const],
    };
  });
}

const diskFault = (prng: Prng): Fault | undefined => {
  switch (prng.below(150)) {
    case 0:
      return { error: "ENOSPC" };
    case 1:
      return { error: "EIO" };
    default:
      return undefined;
  }
};

interface Life {
  readonly vfs: FaultyVfs;
  readonly clock: ManualClock;
  readonly prng: Prng;
  readonly ledger: Ledger;
  readonly about: string;
  readonly seriesAtOnceMax: number;
}

/** One life of the process: hours pass, blocks are cut, queries read, until the crash. */
async function live(life: Life): Promise<number> {
  const { vfs, clock, prng, ledger, about } = life;
  removeUnfinishedBlocks(vfs, cutDataDir);
  const settings = { ...smallSettings, log: { ...smallSettings.log, syncMode: "always" as const } };
  const world = await openCutWorld({ ...life, shards: shardCount, settings });
  await ledger.compare(world, about);
  const crashAt = vfs.operations + 100 + prng.below(1300);
  vfs.fault = () => (vfs.operations >= crashAt ? { crash: true } : diskFault(prng));
  const signal = new AbortController().signal;
  for (let step = 0; step < 60 && vfs.operations < crashAt; step++) {
    clock.advance(prng.below(hourMs / 3));
    const pushes = Array.from({ length: 1 + prng.below(6) }, async () => {
      const shard = prng.below(shardCount);
      const tenant = tenants[prng.below(2)] as string;
      const batch = randomBatch(prng, clock.nowMs() - prng.below(60_000), shard);
      const outcome = await pushSeries(world.shards[shard] as never, batch, { tenant }).catch(
        () => undefined,
      );
      ledger.note(tenant, batch, outcome !== undefined && outcome.refusals.length === 0);
    });
    if (prng.below(3) > 0) await Promise.all(pushes);
    const cutting = prng.below(3) === 0 ? world.cutter.check(signal) : Promise.resolve(0);
    if (prng.below(4) === 0 && vfs.operations < crashAt) {
      await ledger.compare(world, `${about}, step ${step}`).catch((error: unknown) => {
        if (vfs.operations < crashAt) throw error;
      });
    }
    if (prng.below(12) === 0) void world.shards[prng.below(shardCount)]?.takeSnapshot();
    await Promise.all([cutting, ...pushes]);
  }
  vfs.fault = undefined;
  return world.counts.cut;
}

test.each([
  ["whole tenants", 1000],
  ["metric by metric", 0],
])(
  "whatever happens while blocks are cut, reads find every sample once (%s)",
  async (_, seriesAtOnceMax) => {
    let cuts = 0;
    for (const seed of seeds) {
      const prng = seededPrng(seed * 6007);
      const ledger = new Ledger();
      const clock = createManualClock(startMs);
      let vfs = createFaultyVfs();
      for (let number = 0; number < 4; number++) {
        const about = `seed ${seed}, life ${number}`;
        cuts += await live({ vfs, clock, prng, ledger, about, seriesAtOnceMax });
        vfs =
          prng.below(2) === 0
            ? vfs.afterPowerLoss((_path, unsynced) => prng.below(unsynced + 1))
            : vfs.afterKill();
      }
      const world = await openCutWorld({ vfs, clock, prng, shards: shardCount });
      await ledger.compare(world, `seed ${seed}, at the end`);
    }
    expect(cuts).toBeGreaterThan(seeds.length);
  },
  600_000,
);
