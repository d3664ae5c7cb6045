import { describe, expect, test } from "vitest";
import { createFaultyVfs } from "../../support/faulty-vfs.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import {
  countSamples,
  manySeries,
  openTestShard,
  pushSeries,
  readAll,
  smallSettings,
} from "../../support/shard-world.ts";

const startMs = 1_700_000_000_000;

describe("what is pushed is read", () => {
  test.each([1, 2] as const)("remote write %i.0, from two tenants", async (format) => {
    const vfs = createFaultyVfs();
    const shard = await openTestShard(vfs, createManualClock());
    const outcome = await pushSeries(shard, manySeries("up", 3, [startMs, 1]), { format });
    expect(outcome).toMatchObject({ samplesStored: 3, samplesDuplicate: 0, refusals: [] });
    await pushSeries(shard, manySeries("up", 1, [startMs, 7]), { format, tenant: "other" });
    const read = await readAll(shard);
    expect([...read.keys()]).toEqual(["__name__=up,i=0", "__name__=up,i=1", "__name__=up,i=2"]);
    expect(read.get("__name__=up,i=2")).toEqual(new Map([[startMs, 1]]));
    expect(countSamples(await readAll(shard, { tenant: "other" }))).toBe(1);
    expect(countSamples(await readAll(shard, { tenant: "nobody" }))).toBe(0);
    await shard.close();
  });

  test("a repeated batch is stored once and counts as stored", async () => {
    const shard = await openTestShard(createFaultyVfs(), createManualClock());
    await pushSeries(shard, manySeries("up", 3, [startMs, 1]));
    const again = await pushSeries(shard, manySeries("up", 3, [startMs, 1]));
    expect(again).toMatchObject({ samplesStored: 3, samplesDuplicate: 3 });
    const other = await pushSeries(shard, manySeries("up", 3, [startMs, 2]));
    expect(other.samplesStored).toBe(0);
    expect(other.refusals).toMatchObject([{ kind: "sample-duplicate-timestamp", samples: 3 }]);
    expect(countSamples(await readAll(shard))).toBe(3);
    await shard.close();
  });

  test("a payload larger than a window, of several tenants in turn", async () => {
    const settings = { ...smallSettings, windowSizeBytesMax: 1000 };
    const shard = await openTestShard(createFaultyVfs(), createManualClock(), { settings });
    const outcomes = await Promise.all(
      ["a", "b", "c"].map((tenant) =>
        pushSeries(shard, manySeries("up", 500, [startMs, 1]), { tenant }),
      ),
    );
    expect(outcomes.map((outcome) => outcome.samplesStored)).toEqual([500, 500, 500]);
    for (const tenant of ["a", "b", "c"]) {
      expect(countSamples(await readAll(shard, { tenant }))).toBe(500);
    }
    await shard.close();
  });

  test("a malformed payload is refused, its neighbours are not", async () => {
    const shard = await openTestShard(createFaultyVfs(), createManualClock());
    const bad = shard.push({ tenant: "anonymous", format: 1, payload: Uint8Array.of(10, 200, 1) });
    const good = pushSeries(shard, manySeries("up", 1, [startMs, 1]));
    await expect(bad).rejects.toMatchObject({ id: "err-urd-write-request-invalid" });
    expect((await good).samplesStored).toBe(1);
    await shard.close();
  });

  test("selecting by every kind of matcher", async () => {
    const shard = await openTestShard(createFaultyVfs(), createManualClock());
    await pushSeries(shard, [
      ...manySeries("up", 20, [startMs, 1]),
      ...manySeries("down", 20, [startMs, 1]),
      { labels: [["__name__", "up"]], samples: [[startMs, 1]] },
    ]);
    const count = async (
      ...matchers: { type: "=" | "!=" | "=~" | "!~"; name: string; value: string }[]
    ) => (await readAll(shard, { matchers })).size;
    const up = { type: "=", name: "__name__", value: "up" } as const;
    expect(await count(up)).toBe(21);
    expect(await count(up, { type: "=", name: "i", value: "3" })).toBe(1);
    expect(await count(up, { type: "!=", name: "i", value: "3" })).toBe(20);
    expect(await count(up, { type: "=", name: "i", value: "" })).toBe(1);
    expect(await count(up, { type: "!=", name: "i", value: "" })).toBe(20);
    expect(await count(up, { type: "=~", name: "i", value: "1.*" })).toBe(11);
    expect(await count(up, { type: "!~", name: "i", value: "1.*" })).toBe(10);
    expect(await count(up, { type: "=~", name: "i", value: "1|2|x" })).toBe(2);
    expect(await count(up, { type: "=~", name: "i", value: ".*" })).toBe(21);
    expect(await count(up, { type: "=~", name: "i", value: "|7" })).toBe(2);
    expect(await count(up, { type: "!~", name: "i", value: "|7" })).toBe(19);
    expect(await count({ type: "=~", name: "__name__", value: "u.|d...|none" })).toBe(41);
    expect(await count({ type: "=", name: "nothing", value: "" })).toBe(41);
    expect(await count({ type: "=", name: "nothing", value: "x" })).toBe(0);
    expect(await count()).toBe(41);
    await shard.close();
  });

  test("label names and values, also of newer pairs", async () => {
    const shard = await openTestShard(createFaultyVfs(), createManualClock());
    await pushSeries(shard, manySeries("up", 3, [startMs, 1]));
    expect(await shard.reader.labelNames([], "anonymous")).toEqual(["__name__", "i"]);
    expect(await shard.reader.labelValues("i", [], "anonymous")).toEqual(["0", "1", "2"]);
    await pushSeries(shard, [
      {
        labels: [
          ["__name__", "down"],
          ["zone", "é"],
          ["i", "9"],
        ],
        samples: [[startMs, 1]],
      },
    ]);
    expect(await shard.reader.labelNames([], "anonymous")).toEqual(["__name__", "i", "zone"]);
    const down = {
      tenant: "anonymous",
      matchers: [{ type: "=", name: "__name__", value: "down" } as const],
      startMs: 0,
      endMs: startMs,
      allowLocations: false,
      signal: undefined,
    };
    expect(await shard.reader.labelValues("i", [down], "anonymous")).toEqual(["9"]);
    expect(await shard.reader.labelValues("zone", [down], "anonymous")).toEqual(["é"]);
    expect(await shard.reader.labelNames([], "nobody")).toEqual([]);
    const all = { ...down, matchers: [] };
    expect(await shard.reader.labelNames([all], "anonymous")).toEqual(["__name__", "i", "zone"]);
    expect(await shard.reader.labelNames([{ ...all, endMs: startMs - 1 }], "anonymous")).toEqual(
      [],
    );
    expect(await shard.reader.labelNames([{ ...all, startMs: 5, endMs: 1 }], "anonymous")).toEqual(
      [],
    );
    await shard.close();
  });
});

describe("a restart", () => {
  test("after close and after kill -9 brings everything back", async () => {
    let vfs = createFaultyVfs();
    for (let run = 0; run < 4; run++) {
      const shard = await openTestShard(vfs, createManualClock());
      expect(countSamples(await readAll(shard))).toBe(run * 300);
      for (let i = 0; i < 3; i++) {
        const timeMs = startMs + (3 * run + i) * 1000;
        await pushSeries(shard, manySeries("up", 100, [timeMs, i]));
      }
      if (run % 2 === 0) await shard.close();
      vfs = vfs.afterKill();
    }
  });

  test("with sealed chunks, read from files whose disk is full too", async () => {
    const vfs = createFaultyVfs();
    const shard = await openTestShard(vfs, createManualClock());
    for (let i = 0; i < 400; i++) {
      if (i === 200) {
        vfs.fault = ({ path, kind }) =>
          kind === "write" && path.endsWith(".chunks") ? { error: "ENOSPC" } : undefined;
      }
      await pushSeries(shard, manySeries("up", 3, [startMs + i * 1000, i]));
    }
    expect(countSamples(await readAll(shard))).toBe(1200);
    vfs.fault = undefined;
    expect(countSamples(await readAll(shard))).toBe(1200);
    const again = await openTestShard(vfs.afterKill(), createManualClock());
    expect(countSamples(await readAll(again))).toBe(1200);
  });

  test("while the log cannot be written pushes are refused and reads go on", async () => {
    const vfs = createFaultyVfs();
    const shard = await openTestShard(vfs, createManualClock());
    await pushSeries(shard, manySeries("up", 3, [startMs, 1]));
    vfs.fault = ({ kind }) => (kind === "write" ? { error: "ENOSPC" } : undefined);
    await expect(pushSeries(shard, manySeries("up", 5, [startMs + 1, 1]))).rejects.toMatchObject({
      id: "err-urd-ingester-log-unavailable",
      entry: { http: 503 },
    });
    expect(countSamples(await readAll(shard))).toBe(3);
    vfs.fault = undefined;
    expect((await pushSeries(shard, manySeries("up", 5, [startMs + 1, 1]))).samplesStored).toBe(5);
    const again = await openTestShard(vfs.afterKill(), createManualClock());
    expect(countSamples(await readAll(again))).toBe(8);
  });

  test("a flipped bit in the log costs one batch, and every later query is told", async () => {
    const vfs = createFaultyVfs();
    const shard = await openTestShard(vfs, createManualClock());
    for (let i = 0; i < 5; i++) await pushSeries(shard, manySeries("up", 2, [startMs + i, i]));
    await shard.close();
    const damaged = vfs.afterKill();
    const size = damaged.contents("/data/shard/log/00000001.log").length;
    damaged.flipBit("/data/shard/log/00000001.log", 8 * Math.floor(size * 0.6));
    let after = damaged;
    for (let run = 0; run < 3; run++) {
      const clock = createManualClock(startMs + 1000);
      const again = await openTestShard(after, clock);
      expect(countSamples(await readAll(again)), `run ${run}`).toBe(8 + run);
      const holes = again.reader.holes({ tenant: "anonymous", startMs, endMs: startMs + 5 });
      expect(holes).toHaveLength(1);
      expect(
        again.reader.holes({ tenant: "anonymous", startMs: 0, endMs: startMs - 1 }),
      ).toHaveLength(0);
      expect(again.recovery.holesFound, `run ${run}`).toBe(run === 0 ? 1 : 0);
      await pushSeries(again, manySeries("up", 1, [startMs + 100 + run, 1]));
      await again.close();
      after = after.afterKill();
    }
  });
});
