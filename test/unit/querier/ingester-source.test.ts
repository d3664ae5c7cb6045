import { describe, expect, test } from "vitest";
import {
  emptyHistogram,
  type FloatHistogram,
  type Matcher,
  urdError,
} from "../../../server/model/index.ts";
import { createBuilderPool } from "../../../server/querier/builder-pool.ts";
import { createHeldLabelSets } from "../../../server/querier/held-label-sets.ts";
import { createIngesterSource } from "../../../server/querier/ingester-source.ts";
import { createReadReport } from "../../../server/querier/read-report.ts";
import type { Queryable, QueryCall, Selection } from "../../../server/storage/index.ts";
import { encodeChunks, makeColumns } from "../../../server/tsdb/index.ts";
import type { FrameChunk } from "../../../server/wire/index.ts";
import { chunkOf, type FakeShard, fakePeers } from "../../support/fake-shard.ts";

const all: readonly Matcher[] = [{ type: "!=", name: "__name__", value: "" }];
const wide: Selection = { matchers: all, startMs: 0, endMs: 1_000_000 };

function sourceOf(shards: readonly FakeShard[], samplesMax = 0): Queryable {
  return createIngesterSource({
    tenant: "anonymous",
    peers: fakePeers(shards),
    readsChunksFiles: false,
    builders: createBuilderPool(undefined),
    labelSets: createHeldLabelSets(),
    seriesMax: 0,
    samplesMax,
    report: createReadReport(),
  });
}

interface Reads {
  series: number;
  chunks: number;
  chunkSizeBytes: number;
  samples: number;
}

function callOf(signal: AbortSignal = new AbortController().signal): QueryCall & { reads: Reads } {
  const reads = { series: 0, chunks: 0, chunkSizeBytes: 0, samples: 0 };
  const addRead = (read: Reads): void => {
    reads.series += read.series;
    reads.chunks += read.chunks;
    reads.chunkSizeBytes += read.chunkSizeBytes;
    reads.samples += read.samples;
  };
  return { signal, account: { addRead }, reads };
}

type Found = readonly [labels: string, samples: readonly (readonly [number, number])[]];

async function collect(source: Queryable, selection: Selection, call = callOf()): Promise<Found[]> {
  const found: Found[] = [];
  for await (const batch of source.select(selection, call)) {
    for (const { labels, timesMs, values, from, to } of batch.series) {
      const samples = Array.from(timesMs.subarray(from, to), (t, i): [number, number] => [
        t,
        values[from + i] as number,
      ]);
      found.push([labels.join(), samples]);
    }
  }
  return found;
}

describe("selecting", () => {
  test("series come shard by shard with the samples of the closed range, all accounted", async () => {
    const chunk = chunkOf([
      [1000, 1],
      [2000, 2],
      [3000, 3],
    ]);
    const source = sourceOf([
      { series: [{ labels: ["__name__", "b"], chunks: [chunk] }], frameSeries: 1 },
      {
        series: [
          { labels: ["__name__", "a"], chunks: [chunk, chunkOf([[4000, 4]])] },
          { labels: ["__name__", "empty"], chunks: [chunkOf([[9000, 4]])] },
        ],
        frameSeries: 1,
      },
    ]);
    const call = callOf();
    expect(await collect(source, { matchers: all, startMs: 2000, endMs: 4000 }, call)).toEqual([
      [
        "__name__,b",
        [
          [2000, 2],
          [3000, 3],
        ],
      ],
      [
        "__name__,a",
        [
          [2000, 2],
          [3000, 3],
          [4000, 4],
        ],
      ],
    ]);
    expect(call.reads).toMatchObject({ series: 3, chunks: 4, samples: 5 });
    expect(call.reads.chunkSizeBytes).toBeGreaterThan(40);
  });

  test("late samples are put in their place", async () => {
    const series = {
      labels: ["__name__", "a"],
      chunks: [
        chunkOf([
          [1000, 1],
          [3000, 3],
        ]),
        chunkOf([[5000, 5]]),
        chunkOf([
          [2000, 2],
          [3000, 30],
          [6000, 6],
        ]),
        chunkOf([[500, 0.5]]),
      ],
    };
    expect(await collect(sourceOf([{ series: [series] }]), wide)).toEqual([
      [
        "__name__,a",
        [
          [500, 0.5],
          [1000, 1],
          [2000, 2],
          [3000, 30],
          [5000, 5],
          [6000, 6],
        ],
      ],
    ]);
  });

  test("many series come in several batches, each series in one", async () => {
    const series = Array.from({ length: 5000 }, (_, i) => ({
      labels: ["__name__", "m", "i", String(i)],
      chunks: [
        chunkOf([
          [1000, i],
          [2000, i + 0.5],
        ]),
      ],
    }));
    const source = sourceOf([{ series: series.slice(0, 3000) }, { series: series.slice(3000) }]);
    const found = await collect(source, wide);
    expect(found).toEqual(
      series.map((one, i) => [
        one.labels.join(),
        [
          [1000, i],
          [2000, i + 0.5],
        ],
      ]),
    );
  });

  test("a range that is empty asks nobody", async () => {
    const source = sourceOf([
      { series: [], beforeFrame: () => Promise.reject(new Error("asked")) },
    ]);
    expect(await collect(source, { matchers: all, startMs: 2, endMs: 1 })).toEqual([]);
  });
});

describe("what cannot be complete fails", () => {
  const series = [{ labels: ["__name__", "a"], chunks: [chunkOf([[1000, 1]])] }];
  const hole = { startMs: 5000n, endMs: 6000n, cause: "a record was damaged" };

  test("a hole that touches the range, although series came", async () => {
    const source = sourceOf([{ series, holes: [hole] }]);
    await expect(collect(source, wide)).rejects.toMatchObject({
      id: "err-urd-query-incomplete",
      message: expect.stringMatching(/1970-01-01T00:00:05.*shard-0.*a record was damaged/),
    });
    const before = { matchers: all, startMs: 0, endMs: 4999 };
    expect(await collect(source, before)).toHaveLength(1);
  });

  test("a damaged chunk", async () => {
    const bytes = Uint8Array.from([0, 9, 1, 2]);
    const damaged = { ...chunkOf([[1, 1]]), bytes };
    const source = sourceOf([{ series: [{ labels: ["__name__", "a"], chunks: [damaged] }] }]);
    await expect(collect(source, wide)).rejects.toMatchObject({ id: "err-urd-query-incomplete" });
  });

  test("an encoding of another version", async () => {
    const unknown = { ...chunkOf([[1, 1]]), encoding: 99 };
    const source = sourceOf([{ series: [{ labels: ["__name__", "a"], chunks: [unknown] }] }]);
    await expect(collect(source, wide)).rejects.toThrow(/encoding 99/);
  });

  test("one series with more samples than a query may hold", async () => {
    const long = Array.from({ length: 50 }, (_, i) => chunkOf([[i * 10, 1]]));
    const shards = [{ series: [{ labels: ["__name__", "a"], chunks: long }] }];
    await expect(collect(sourceOf(shards, 49), wide)).rejects.toMatchObject({
      id: "err-urd-max-samples-per-query",
    });
    expect(await collect(sourceOf(shards, 50), wide)).toHaveLength(1);
  });

  test("a shard that fails, whichever it is", async () => {
    const failing: FakeShard = {
      series,
      beforeFrame: () => Promise.reject(urdError("shard-unavailable", "Replaying.")),
    };
    for (const shards of [
      [failing, { series }],
      [{ series }, failing],
    ]) {
      await expect(collect(sourceOf(shards), wide)).rejects.toMatchObject({
        id: "err-urd-shard-unavailable",
      });
    }
  });
});

test("frames wait until it is the call's turn", async () => {
  const labels = ["__name__", "a"];
  const source = sourceOf([{ series: [{ labels, chunks: [chunkOf([[1000, 1]])] }] }]);
  const turn = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const call = callOf();
  const pause = (): Promise<void> => {
    asked.resolve();
    return turn.promise;
  };
  const answer = collect(source, wide, { ...call, pause });
  await asked.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(call.reads.samples).toBe(0);
  turn.resolve();
  expect(await answer).toEqual([["__name__,a", [[1000, 1]]]]);
  expect(call.reads.samples).toBe(1);
});

test("a call that is aborted ends, with its reason", async () => {
  const controller = new AbortController();
  const source = sourceOf([
    {
      series: [{ labels: ["__name__", "a"], chunks: [chunkOf([[1, 1]])] }],
      beforeFrame: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          controller.abort(urdError("query-timeout", "Late."));
        }),
    },
  ]);
  await expect(collect(source, wide, callOf(controller.signal))).rejects.toMatchObject({
    id: "err-urd-query-timeout",
  });
});

describe("labels", () => {
  const shard = (...names: readonly string[]): FakeShard => ({
    series: names.map((name) => ({ labels: ["__name__", name, "l", `${name}!`], chunks: [] })),
  });
  const source = sourceOf([shard("b", "\u{1f600}"), shard("\uffee", "a")]);

  test("values are merged in the order of UTF-8 bytes and cut with a warning", async () => {
    const values = ["a", "b", "\uffee", "\u{1f600}"];
    const ask = (limit: number): ReturnType<Queryable["labelValues"]> =>
      source.labelValues("__name__", [], limit, callOf());
    expect(await ask(0)).toEqual({ values, warnings: [] });
    expect(await ask(4)).toEqual({ values, warnings: [] });
    const warnings = ["results truncated due to limit"];
    expect(await ask(3)).toEqual({ values: values.slice(0, 3), warnings });
  });

  test("names are unique over shards", async () => {
    const found = await source.labelNames([wide], 0, callOf());
    expect(found.values).toEqual(["__name__", "l"]);
  });

  test("a range without any moment lists nothing", async () => {
    const none = [{ matchers: all, startMs: 5, endMs: 1 }];
    expect((await source.labelNames(none, 0, callOf())).values).toEqual([]);
    expect((await source.labelValues("l", none, 0, callOf())).values).toEqual([]);
    expect((await source.series(none, 0, callOf())).series).toEqual([]);
  });

  test("series are sorted, unique, and cut", async () => {
    const twice = sourceOf([shard("b", "a"), shard("a", "c")]);
    const all = await twice.series([wide], 0, callOf());
    expect(all.series.map((labels) => labels[1])).toEqual(["a", "b", "c"]);
    const some = await twice.series([wide], 2, callOf());
    expect(some.series.map((labels) => labels[1])).toEqual(["a", "b"]);
    expect(some.warnings).toEqual(["results truncated due to limit"]);
  });
});

describe("native histograms", () => {
  const counter = (count: number): FloatHistogram => ({ ...emptyHistogram, count });

  /** Chunks of samples: floats or histograms, with a start time where one is given. */
  function chunksOf(
    samples: readonly (readonly [
      timeMs: number,
      sample: number | FloatHistogram,
      startMs?: number,
    ])[],
  ): FrameChunk[] {
    const columns = makeColumns(samples.length);
    columns.histograms = [];
    columns.startTimesMs = new Float64Array(samples.length);
    for (const [timeMs, sample, startMs] of samples) {
      const i = columns.length++;
      columns.timesMs[i] = timeMs;
      columns.startTimesMs[i] = startMs ?? 0;
      if (typeof sample === "number") columns.values[i] = sample;
      columns.histograms.push(typeof sample === "number" ? undefined : sample);
    }
    return encodeChunks(columns, { floatHistograms: false, xor2: false }).map((chunk) => {
      return { ...chunk, file: 0, offsetBytes: 0, sizeBytes: 0 };
    });
  }

  test("come beside floats, in series that have some, overlapping chunks merged", async () => {
    const source = sourceOf([
      {
        series: [
          { labels: ["__name__", "float"], chunks: [chunkOf([[1000, 1]])] },
          {
            labels: ["__name__", "mixed"],
            chunks: [
              ...chunksOf([
                [1000, counter(1)],
                [3000, counter(3)],
                [4000, 4, 900],
              ]),
              ...chunksOf([[2000, counter(2)]]),
            ],
          },
          { labels: ["__name__", "other"], chunks: [chunkOf([[1000, 5]])] },
        ],
      },
    ]);
    const seen: unknown[] = [];
    for await (const { series } of source.select(wide, callOf())) {
      for (const { labels, from, to, histograms, startTimesMs, values } of series) {
        const samples = Array.from({ length: to - from }, (_, k) => {
          const histogram = histograms?.[from + k];
          const startMs = startTimesMs?.[from + k] ?? 0;
          if (histogram === undefined) return [values[from + k], startMs];
          return [histogram.count, histogram.hint, startMs];
        });
        seen.push([labels[1], histograms !== undefined, samples]);
      }
    }
    expect(seen).toEqual([
      ["float", false, [[1, 0]]],
      [
        "mixed",
        true,
        [
          [1, "unknown", 0],
          [2, "unknown", 0],
          [3, "unknown", 0],
          [4, 900],
        ],
      ],
      ["other", false, [[5, 0]]],
    ]);
  });

  test("of one batch leave nothing behind for the next selection", async () => {
    const shard: FakeShard[] = [
      { series: [{ labels: ["__name__", "h"], chunks: chunksOf([[1000, counter(1), 500]]) }] },
    ];
    const builders = createBuilderPool(undefined);
    const over = (shards: readonly FakeShard[]): Queryable =>
      createIngesterSource({
        ...{ tenant: "anonymous", peers: fakePeers(shards), readsChunksFiles: false, builders },
        ...{
          labelSets: createHeldLabelSets(),
          seriesMax: 0,
          samplesMax: 0,
          report: createReadReport(),
        },
      });
    for await (const { series } of over(shard).select(wide, callOf())) {
      expect(series[0]?.histograms).toHaveLength(1);
    }
    const floats = [{ series: [{ labels: ["__name__", "f"], chunks: [chunkOf([[1000, 1]])] }] }];
    for await (const { series } of over(floats).select(wide, callOf())) {
      expect(series[0]?.histograms).toBeUndefined();
      expect(series[0]?.startTimesMs).toBeUndefined();
    }
  });
});
