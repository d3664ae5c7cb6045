import { describe, expect, test } from "vitest";
import type { Region } from "../../../server/kernel/index.ts";
import { createLimits, multitenantDefaults } from "../../../server/limits/index.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { shardDirectory } from "../../../server/shard/data-layout.ts";
import { prepareShards } from "../../../server/shard/prepare-shards.ts";
import type { Shard } from "../../../server/shard/shard.ts";
import { createFaultyVfs, type FaultyVfs } from "../../support/faulty-vfs.ts";
import { encodePayload } from "../../support/kernel-payloads.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import {
  countSamples,
  manySeries,
  openTestShard,
  pushSeries,
  readAll,
  smallSettings,
  testFrontKernel,
  testKernel,
  testLimits,
} from "../../support/shard-world.ts";

const startMs = 1_700_000_000_000;
const clock = createManualClock(startMs);

const prepare = (vfs: FaultyVfs, shards: number): Promise<void> =>
  prepareShards({
    vfs,
    clock,
    logger: silentLogger,
    dataDir: "/data",
    shards,
    limits: testLimits(),
    settings: smallSettings,
    createKernel: testKernel,
    createFrontKernel: testFrontKernel,
  });

const openAll = (vfs: FaultyVfs, shards: number): Promise<Shard[]> =>
  Promise.all(
    Array.from({ length: shards }, (_, shard) =>
      openTestShard(vfs, clock, { shard, shards, directory: shardDirectory("/data", shard) }),
    ),
  );

/** Samples of both tenants over all shards; fails when a series stands in two of them. */
async function countAll(vfs: FaultyVfs, shards: number): Promise<number> {
  let count = 0;
  for (const tenant of ["anonymous", "other"]) {
    const seen = new Set<string>();
    for (const shard of await openAll(vfs, shards)) {
      const read = await readAll(shard, { tenant });
      for (const series of read.keys()) {
        expect(seen.has(series)).toBe(false);
        seen.add(series);
      }
      count += countSamples(read);
    }
  }
  return count;
}

/** One shard with two tenants, sealed chunks, late samples and a snapshot. */
async function oneShard(): Promise<FaultyVfs> {
  const vfs = createFaultyVfs();
  vfs.makeDirectory("/data");
  await prepare(vfs, 1);
  const [shard] = (await openAll(vfs, 1)) as [Shard];
  for (let i = 0; i < 140; i++) {
    await pushSeries(shard, manySeries("up", 6, [startMs + 1000 * i, i]));
    if (i === 100) await shard.takeSnapshot();
  }
  await pushSeries(shard, manySeries("up", 6, [startMs - 3000, 7]));
  await pushSeries(shard, manySeries("down", 9, [startMs, 1]), { tenant: "other" });
  await shard.close();
  return vfs;
}

const samplesInAll = 6 * 141 + 9;

describe("another number of shards", () => {
  test("the same number changes nothing", async () => {
    const vfs = await oneShard();
    const before = vfs.operations;
    await prepare(vfs, 1);
    expect(vfs.operations - before).toBeLessThanOrEqual(2);
    expect(await countAll(vfs, 1)).toBe(samplesInAll);
  });

  test("more, then fewer: every sample is there once", async () => {
    const vfs = await oneShard();
    for (const shards of [3, 2, 1]) {
      await prepare(vfs, shards);
      expect(vfs.list("/data/ingester").filter((name) => name.startsWith("shard-"))).toHaveLength(
        shards,
      );
      expect(vfs.list("/data/ingester")).not.toContain("next");
      expect(await countAll(vfs, shards)).toBe(samplesInAll);
    }
  });

  test("a series goes where the router sends its next sample", async () => {
    const vfs = await oneShard();
    await prepare(vfs, 3);
    const shards = await openAll(vfs, 3);
    const front = await testFrontKernel();
    const payload = encodePayload(1, manySeries("up", 6, [startMs + 200_000, 1]));
    const region = front.allocate(payload.length) as Region;
    region.bytes.set(payload);
    front.scan(1, region);
    const parts = front.split(1, region, "anonymous", 3) as (Region | undefined)[];
    for (const [i, part] of parts.entries()) {
      const shard = shards[i] as Shard;
      const before = (await readAll(shard)).size;
      if (part === undefined) continue;
      await shard.push({ tenant: "anonymous", format: 1, payload: part.bytes });
      expect((await readAll(shard)).size).toBe(before);
    }
  });

  test("a tenant with a small limit goes to one shard as a whole", async () => {
    const vfs = await oneShard();
    await prepareShards({
      vfs,
      clock,
      logger: silentLogger,
      dataDir: "/data",
      shards: 3,
      limits: createLimits({
        defaults: { ...multitenantDefaults, seriesMax: 10 },
        overrides: new Map(),
      }),
      settings: smallSettings,
      createKernel: testKernel,
      createFrontKernel: testFrontKernel,
    });
    const shards = await openAll(vfs, 3);
    const sizes = await Promise.all(shards.map(async (shard) => (await readAll(shard)).size));
    expect(sizes.toSorted((a, b) => a - b)).toEqual([0, 0, 6]);
  });

  test("holes are known to the new shards", async () => {
    const vfs = await oneShard();
    const [shard] = (await openAll(vfs, 1)) as [Shard];
    shard.addHole({ position: 5, tenant: 0, startMs, endMs: startMs + 9, cause: "x" });
    expect(await shard.sync()).toBe(true);
    await shard.close();
    await prepare(vfs, 2);
    for (const target of await openAll(vfs, 2)) {
      expect(target.reader.holes({ tenant: "anonymous", startMs, endMs: startMs })).toHaveLength(1);
    }
  });

  test("a crash at any step leaves the old shards or the new ones", async () => {
    const base = await oneShard();
    const dry = base.afterKill();
    await prepare(dry, 2);
    for (let step = 1; step <= dry.operations; step++) {
      for (const how of ["kill", "power"]) {
        const vfs = base.afterKill();
        vfs.fault = () => (vfs.operations >= step ? { crash: true } : undefined);
        await prepare(vfs, 2).catch(() => undefined);
        const after = how === "kill" ? vfs.afterKill() : vfs.afterPowerLoss();
        const shards = step % 2 === 0 ? 2 : 1;
        await prepare(after, shards);
        expect(await countAll(after, shards), `step ${step}, ${how}`).toBe(samplesInAll);
      }
    }
  });
});
