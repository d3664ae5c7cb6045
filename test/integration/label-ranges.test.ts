import { expect, test } from "vitest";
import { seededPrng } from "../../server/platform/base/index.ts";
import type { QueryCall, Selection } from "../../server/storage/index.ts";
import { type CutWorld, openCutWorld } from "../support/cut-world.ts";
import { createFaultyVfs } from "../support/faulty-vfs.ts";
import type { TestSeries } from "../support/kernel-payloads.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { pushSeries } from "../support/shard-world.ts";

const startMs = 1_700_006_400_000;
const minuteMs = 60_000;
const tenant = "a";
const call: QueryCall = {
  signal: new AbortController().signal,
  account: { addRead: () => undefined },
};

/** Series of a metric and a job with a sample a minute over [from, to) minutes. */
const series = (
  [metric, job]: readonly [string, string],
  ...[from, to]: [number, number]
): TestSeries => ({
  labels: [
    ["__name__", metric],
    [`only_${metric}`, "x"],
    ["job", job],
  ],
  samples: Array.from({ length: to - from }, (_, i) => [startMs + (from + i) * minuteMs, i]),
});

const minutes = (from: number, to: number): Selection => ({
  ...{ matchers: [], startMs: startMs + from * minuteMs, endMs: startMs + to * minuteMs },
});

async function listed(world: CutWorld, selection: Selection): Promise<[string[], string[]]> {
  const source = world.source(tenant);
  const { values } = await source.labelValues("job", [selection], 0, call);
  const { values: names } = await source.labelNames([selection], 0, call);
  return [[...values], names.filter((name) => name.startsWith("only_"))];
}

/** What label calls say of both kinds of place where the samples may be. */
async function expectRanges(world: CutWorld): Promise<void> {
  expect(await listed(world, minutes(0, 110))).toEqual([
    ["ended", "lives", "starts"],
    ["only_m", "only_n"],
  ]);
  expect(await listed(world, minutes(60, 80))).toEqual([["lives"], ["only_m"]]);
  expect(await listed(world, minutes(0, 10))).toEqual([["ended", "lives"], ["only_m"]]);
  expect(await listed(world, minutes(95, 99))).toEqual([
    ["lives", "starts"],
    ["only_m", "only_n"],
  ]);
  expect(await listed(world, minutes(-90, -1))).toEqual([[], []]);
  expect(
    await listed(world, { ...minutes(0, 0), startMs: startMs + 95 * minuteMs, endMs: Infinity }),
  ).toEqual([
    ["lives", "starts"],
    ["only_m", "only_n"],
  ]);
  const matching = (name: string, range: Selection): Promise<[string[], string[]]> =>
    listed(world, { ...range, matchers: [{ type: "=", name: "__name__", value: name }] });
  expect(await matching("m", minutes(60, 80))).toEqual([["lives"], ["only_m"]]);
  expect(await matching("n", minutes(60, 80))).toEqual([[], []]);
  expect(await matching("m", minutes(0, 110))).toEqual([["ended", "lives"], ["only_m"]]);
}

test("label calls list what has samples in their range, in the head and in blocks", async () => {
  const clock = createManualClock(startMs + 100 * minuteMs);
  const world = await openCutWorld({
    ...{ vfs: createFaultyVfs(), clock, prng: seededPrng(1), shards: 1 },
  });
  const [shard] = world.shards;
  if (shard === undefined) throw new Error("no shard");
  const all = [
    series(["m", "ended"], 0, 20),
    series(["m", "lives"], 0, 100),
    series(["n", "starts"], 90, 100),
  ];
  await pushSeries(shard, all, { tenant });
  await expectRanges(world);

  const later = startMs + 300 * minuteMs;
  clock.advance(later - clock.nowMs());
  await pushSeries(shard, [{ labels: [["__name__", "late"]], samples: [[later, 1]] }], { tenant });
  expect(await world.cutter.check(call.signal)).toBe(1);
  await expectRanges(world);
  expect(await listed(world, minutes(290, 310))).toEqual([[], []]);
  expect((await world.source(tenant).labelNames([minutes(290, 310)], 0, call)).values).toEqual([
    "__name__",
  ]);
});
