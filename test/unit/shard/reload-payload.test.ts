import { expect, test } from "vitest";
import { createLimits, type Limits } from "../../../server/limits/index.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { shardDirectory } from "../../../server/shard/data-layout.ts";
import { prepareShards } from "../../../server/shard/prepare-shards.ts";
import type { Shard } from "../../../server/shard/shard.ts";
import {
  createChunkDecoder,
  knownEncoding,
  makeColumns,
  type SampleColumns,
} from "../../../server/tsdb/index.ts";
import { createFaultyVfs, type FaultyVfs } from "../../support/faulty-vfs.ts";
import type { TestSeries } from "../../support/kernel-payloads.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { histogramOf, staleHistogram } from "../../support/native-histograms.ts";
import {
  openTestShard,
  pushSeries,
  smallSettings,
  testFrontKernel,
  testKernel,
  testLimits,
} from "../../support/shard-world.ts";

const startMs = 1_700_000_000_000;
const clock = createManualClock(startMs);
const everything = { startMs: -1e15, endMs: 1e15 };

/** A batch of three series: integers and floats in histograms, and a series with both kinds. */
function batch(i: number): TestSeries[] {
  const timeMs = startMs + i * 1000;
  const grown = (i + 60) % 60;
  const histogram = (isFloat: boolean) =>
    i % 50 === 49
      ? staleHistogram(timeMs, isFloat)
      : histogramOf({
          timeMs,
          isFloat,
          startMs: startMs - 7,
          positive: [{ offset: i > 70 ? 0 : 1, counts: [grown, 3 * grown, 5] }],
        });
  return [
    { labels: [["__name__", "a"]], samples: [], histograms: [histogram(false)] },
    { labels: [["__name__", "b"]], samples: [], histograms: [histogram(true)] },
    i % 20 < 10
      ? { labels: [["__name__", "c"]], samples: [[timeMs, i, startMs - 7]] }
      : { labels: [["__name__", "c"]], samples: [], histograms: [histogram(false)] },
  ];
}

/** Every sample of a shard as text, by series. */
async function texts(shards: readonly Shard[]): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  const decoder = createChunkDecoder();
  const selection = {
    ...everything,
    tenant: "anonymous",
    matchers: [],
    allowLocations: false,
    signal: undefined,
  };
  for (const shard of shards) {
    for await (const series of shard.reader.select(selection)) {
      for (const { pairs, chunks } of series) {
        const columns = makeColumns(16);
        for (const { encoding, bytes = new Uint8Array() } of chunks) {
          const known = knownEncoding(encoding);
          if (known !== undefined) decoder.decode({ encoding: known, bytes }, everything, columns);
        }
        found[pairs[0]?.value ?? ""] = samplesOf(columns);
      }
    }
  }
  return found;
}

function samplesOf(columns: SampleColumns): string[] {
  const { timesMs, values, histograms = [], startTimesMs, length } = columns;
  return Array.from({ length }, (_, i) => {
    const histogram = histograms[i];
    // Where chunks begin is not the same everywhere, and hints follow it.
    const value = histogram === undefined ? values[i] : { ...histogram, hint: undefined };
    return `${timesMs[i]} ${JSON.stringify(value)} from ${startTimesMs?.[i] ?? 0}`;
  }).sort();
}

async function fill(
  vfs: FaultyVfs,
  options: { readonly directory: string; readonly limits?: Limits },
): Promise<Shard> {
  vfs.makeDirectory("/data");
  const shard = await openTestShard(vfs, clock, options);
  for (let i = 0; i < 130; i++) {
    const outcome = await pushSeries(shard, batch(i), { format: i % 2 === 0 ? 1 : 2 });
    expect(outcome.histogramsStored).toBe(i % 20 < 10 ? 2 : 3);
    expect(outcome.samplesStored).toBe(i % 20 < 10 ? 1 : 0);
    if (i === 100) await shard.takeSnapshot();
  }
  const late = batch(-5).map((series) => ({ ...series, samples: [] }));
  expect((await pushSeries(shard, late)).histogramsStored).toBe(2);
  return shard;
}

test("a restart brings histograms back, from snapshot, log and chunks files", async () => {
  const vfs = createFaultyVfs();
  vfs.makeDirectory("/data");
  const shard = await fill(vfs, { directory: "/data/shard" });
  const before = await texts([shard]);
  expect(Object.values(before).map((samples) => samples.length)).toEqual([131, 131, 130]);
  const again = await openTestShard(vfs.afterKill(), clock);
  expect(await texts([again])).toEqual(before);
  expect((await pushSeries(again, batch(129))).samplesDuplicate).toBe(3);
  expect((await pushSeries(again, batch(130))).histogramsStored).toBe(3);
});

test.each([
  ["plain", {}],
  ["with start timestamps", { startTimestampsStored: true }],
  ["with floats as XOR2", { floatsAsXor2: true }],
])("%s, histograms and floats move to another number of shards", async (_, encoding) => {
  const vfs = createFaultyVfs();
  const limits = createLimits({
    defaults: { ...testLimits().state.defaults, ...encoding },
    overrides: new Map(),
  });
  const prepare = (shards: number): Promise<void> =>
    prepareShards({
      vfs,
      clock,
      logger: silentLogger,
      dataDir: "/data",
      shards,
      limits,
      settings: smallSettings,
      createKernel: testKernel,
      createFrontKernel: testFrontKernel,
    });
  vfs.makeDirectory("/data");
  await prepare(1);
  const shard = await fill(vfs, { directory: shardDirectory("/data", 0), limits });
  const before = await texts([shard]);
  const starts = Object.values(before)
    .flat()
    .filter((text) => text.endsWith(`from ${startMs - 7}`));
  expect(starts.length > 0).toBe("startTimestampsStored" in encoding);
  await shard.close();
  for (const shards of [3, 1]) {
    await prepare(shards);
    const all = Array.from({ length: shards }, (_, i) =>
      openTestShard(vfs, clock, {
        shard: i,
        shards,
        directory: shardDirectory("/data", i),
        limits,
      }),
    );
    const open = await Promise.all(all);
    expect(await texts(open)).toEqual(before);
    for (const one of open) await one.close();
  }
});
