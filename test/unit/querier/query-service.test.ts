import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test, vi } from "vitest";
import {
  ColumnsFrameSchema,
  type QueryOptionsSchema,
  type QueryTrailer,
  ResultFormat,
  ValueType,
} from "../../../gen/urd/query/v1/query_pb.ts";
import type { TenantLimits } from "../../../server/limits/index.ts";
import type {
  RawQueryPart,
  RawQueryService,
  ServiceClient,
} from "../../../server/platform/rpc/index.ts";
import { chunkOf, type FakeShard } from "../../support/fake-shard.ts";
import { asTenant, type QueryServiceSetup, queryServiceOver } from "../../support/query-service.ts";

interface Answer {
  readonly json: string;
  readonly frames: readonly Uint8Array[];
  readonly cases: readonly string[];
  readonly trailer: QueryTrailer;
}

async function readAnswer(
  parts: AsyncIterable<{ part?: RawQueryPart | undefined }>,
): Promise<Answer> {
  const pieces: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  const cases: string[] = [];
  let trailer: QueryTrailer | undefined;
  for await (const { part } of parts) {
    const value = part?.part;
    cases.push(value?.case ?? "none");
    if (value?.case === "prometheusJson") pieces.push(value.value);
    if (value?.case === "frame") frames.push(value.value);
    if (value?.case === "trailer") trailer = value.value;
  }
  if (trailer === undefined) throw new Error("no trailer");
  return { json: Buffer.concat(pieces).toString(), frames, cases, trailer };
}

interface InstantInit {
  readonly query: string;
  readonly timeMs?: bigint;
  readonly options?: MessageInitShape<typeof QueryOptionsSchema>;
}

interface RangeInit extends Omit<InstantInit, "timeMs"> {
  readonly endMs?: bigint;
  readonly stepMs?: bigint;
}

const json = { format: ResultFormat.PROMETHEUS_JSON };

function instant(
  client: ServiceClient<typeof RawQueryService>,
  request: InstantInit,
): Promise<Answer> {
  return readAnswer(client.queryInstant({ timeMs: 60_000n, options: json, ...request }, asTenant));
}

function range(client: ServiceClient<typeof RawQueryService>, request: RangeInit): Promise<Answer> {
  const times = { startMs: 0n, endMs: 60_000n, stepMs: 30_000n };
  return readAnswer(client.queryRange({ ...times, options: json, ...request }, asTenant));
}

const shard: FakeShard = {
  series: [
    {
      labels: ["__name__", "up", "job", "a"],
      chunks: [
        chunkOf([
          [0, 1],
          [30_000, 0.5],
          [60_000, Number.NaN],
        ]),
      ],
    },
    { labels: ["__name__", "up", "job", "b"], chunks: [chunkOf([[30_000, 3]])] },
  ],
};

describe("JSON", () => {
  const client = queryServiceOver([shard]);

  test("an instant vector", async () => {
    const { json: text, cases, trailer } = await instant(client, { query: "up" });
    expect(text).toBe(
      '{"status":"success","data":{"resultType":"vector","result":[' +
        '{"metric":{"__name__":"up","job":"a"},"value":[60,"NaN"]},' +
        '{"metric":{"__name__":"up","job":"b"},"value":[60,"3"]}]}}',
    );
    expect(cases).toEqual(["prometheusJson", "trailer"]);
    expect(trailer.completeness).toMatchObject({ complete: true, asked: ["shard-0"], missing: [] });
    expect(trailer.stats).toBeUndefined();
  });

  test("a matrix of a range query, gaps left out", async () => {
    expect((await range(client, { query: "up" })).json).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[' +
        '{"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[30,"0.5"],[60,"NaN"]]},' +
        '{"metric":{"__name__":"up","job":"b"},"values":[[30,"3"],[60,"3"]]}]}}',
    );
  });

  test("a range vector, a scalar, a string", async () => {
    expect((await instant(client, { query: 'up{job="b"}[1m]' })).json).toContain(
      '"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"b"},"values":[[30,"3"]]}]',
    );
    expect((await instant(client, { query: "1e21", timeMs: 4500n })).json).toContain(
      '"resultType":"scalar","result":[4.5,"1000000000000000000000"]',
    );
    expect((await instant(client, { query: '"a<"' })).json).toContain(
      '"resultType":"string","result":[60,"a\\u003c"]',
    );
  });

  test("a limit cuts and says so; annotations come too", async () => {
    const { json: text } = await instant(client, { query: "up", options: { ...json, limit: 1n } });
    expect(JSON.parse(text)).toMatchObject({
      data: { result: [{ metric: { job: "a" } }] },
      warnings: ["results truncated due to limit"],
    });
    const rate = await range(client, { query: "rate(up[1m])" });
    expect(JSON.parse(rate.json)).toMatchObject({
      infos: [expect.stringContaining("metric might not be a counter")],
    });
    expect(rate.trailer.infos).toHaveLength(1);
  });

  test("stats when asked for, in the bytes and in the trailer", async () => {
    const { json: text, trailer } = await instant(client, {
      query: "up",
      options: { ...json, stats: true },
    });
    expect(JSON.parse(text)).toMatchObject({
      data: { stats: { timings: {}, samples: { totalQueryableSamples: expect.any(Number) } } },
    });
    expect(trailer.stats).toMatchObject({ seriesFetched: 2n, chunksFetched: 2n });
    expect(trailer.stats?.samplesPerStep).toEqual([]);
    const perStep = await range(queryServiceOver([shard]), {
      query: "up",
      options: { ...json, statsPerStep: true },
    });
    const counts = perStep.trailer.stats?.samplesPerStep ?? [];
    expect(counts).toHaveLength(3);
    expect(counts.reduce((a, b) => a + b)).toBe(perStep.trailer.stats?.samplesTotal);
    expect(JSON.parse(perStep.json)).toMatchObject({
      data: {
        stats: {
          samples: {
            totalQueryableSamplesPerStep: [0, 30, 60].map((s, i) => [s, Number(counts[i])]),
          },
        },
      },
    });
  });

  test("large answers come in several pieces that join to JSON", async () => {
    const wide = queryServiceOver([
      {
        series: Array.from({ length: 200 }, (_, i) => ({
          labels: ["__name__", "m", "i", String(i)],
          chunks: [chunkOf([[0, i]])],
        })),
      },
    ]);
    const answer = await range(wide, { query: "m + 0.1", endMs: 299_000n, stepMs: 1000n });
    expect(answer.cases.length).toBeGreaterThan(5);
    const parsed = JSON.parse(answer.json) as { data: { result: { values: unknown[] }[] } };
    expect(parsed.data.result).toHaveLength(200);
    expect(parsed.data.result[199]?.values).toHaveLength(300);
  });
});

test("typed: header, frames, trailer", async () => {
  const answer = await range(queryServiceOver([shard]), { query: "up", options: {} });
  expect(answer.cases).toEqual(["header", "frame", "trailer"]);
  const frame = fromBinary(ColumnsFrameSchema, answer.frames[0] as Uint8Array);
  expect(frame.series.map((one) => [one.timesMs, one.values])).toEqual([
    [
      [0, 30_000, 60_000],
      [1, 0.5, Number.NaN],
    ],
    [
      [30_000, 60_000],
      [3, 3],
    ],
  ]);
  const client = queryServiceOver([shard]);
  for await (const { part } of client.queryInstant({ query: '"x"' }, asTenant)) {
    if (part?.part.case !== "header") continue;
    expect(part.part.value).toMatchObject({ type: ValueType.STRING, text: "x" });
  }
});

describe("refusals", () => {
  const failing = (setup: QueryServiceSetup, query: string): Promise<Answer> =>
    instant(queryServiceOver([shard], setup), { query });

  test("a text that is no query, in Prometheus's words", async () => {
    await expect(failing({}, "sum(up")).rejects.toMatchObject({
      id: "err-urd-query-invalid",
      message: "1:7: parse error: unclosed left parenthesis",
    });
  });

  test("range queries of the wrong type or with too many steps", async () => {
    const client = queryServiceOver([shard]);
    await expect(range(client, { query: "up[1m]" })).rejects.toThrow(/invalid expression type/);
    await expect(range(client, { query: "up", stepMs: 1n })).rejects.toMatchObject({
      id: "err-urd-request-invalid",
      message: expect.stringContaining("exceeded maximum resolution of 11,000 points"),
    });
    await expect(range(client, { query: "up", stepMs: 0n })).rejects.toThrow(/zero or negative/);
    await expect(range(client, { query: "up", endMs: -1n })).rejects.toThrow(/before start/);
  });

  test("limits of the tenant, each by its own name", async () => {
    const limited = (limits: Partial<TenantLimits>): Promise<Answer> =>
      range(queryServiceOver([shard], { limits }), { query: "up" });
    await expect(limited({ seriesPerQueryMax: 1 })).rejects.toMatchObject({
      id: "err-urd-max-series-per-query",
      limit: 1,
    });
    await expect(limited({ chunksPerQueryMax: 1 })).rejects.toMatchObject({
      id: "err-urd-max-chunks-per-query",
      limit: 1,
    });
    await expect(limited({ chunkBytesPerQueryMax: 20 })).rejects.toMatchObject({
      id: "err-urd-max-chunks-bytes-per-query",
      limit: 20,
    });
    await expect(limited({ totalQueryLengthMsMax: 59_999 })).rejects.toMatchObject({
      id: "err-urd-max-total-query-length",
      limit: 59_999,
    });
    expect((await limited({ totalQueryLengthMsMax: 60_000 })).cases).toContain("trailer");
    await expect(limited({ queryExpressionSizeBytesMax: 1 })).rejects.toMatchObject({
      id: "err-urd-max-query-expression-size-bytes",
    });
    await expect(limited({ queryMemorySizeBytesMax: 16 })).rejects.toMatchObject({
      id: "err-urd-max-estimated-memory-consumption-per-query",
      limit: 16,
    });
    await expect(
      range(queryServiceOver([shard], { samplesMax: 1 }), { query: "up" }),
    ).rejects.toMatchObject({
      id: "err-urd-max-samples-per-query",
      limit: 1,
    });
  });

  test("a call without a tenant", async () => {
    const call = queryServiceOver([shard]).queryInstant({ query: "up" });
    await expect(readAnswer(call)).rejects.toMatchObject({ id: "err-urd-no-org-id" });
  });

  test("time that is up and callers that leave, while a shard does not answer", async () => {
    const silent: FakeShard = {
      ...shard,
      beforeFrame: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    };
    const late = queryServiceOver([silent], { timeoutMs: 20 });
    await expect(instant(late, { query: "up" })).rejects.toMatchObject({
      id: "err-urd-query-timeout",
      message: "query timed out in expression evaluation",
    });
    const asked = instant(queryServiceOver([silent]), { query: "up", options: { timeoutMs: 20n } });
    await expect(asked).rejects.toMatchObject({ id: "err-urd-query-timeout" });
    // With room for one query only, the next one shows that the one whose caller left is gone.
    const gate = { isOpen: false };
    const patient: FakeShard = {
      ...shard,
      beforeFrame: (signal) => (gate.isOpen ? undefined : silent.beforeFrame?.(signal)),
    };
    const client = queryServiceOver([patient], { queriesMax: 1 });
    const leaving = new AbortController();
    const left = readAnswer(
      client.queryInstant({ query: "up" }, { ...asTenant, signal: leaving.signal }),
    );
    setImmediate(() => leaving.abort());
    await expect(left).rejects.toMatchObject({ entry: { code: "CANCELLED" } });
    gate.isOpen = true;
    await vi.waitFor(async () => {
      expect((await instant(client, { query: "up" })).json).toContain('"success"');
    });
  });

  test("more queries than a thread takes, until one of them ends", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const client = queryServiceOver([{ ...shard, beforeFrame: () => gate }], { queriesMax: 1 });
    const first = instant(client, { query: "up" });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(instant(client, { query: "up" })).rejects.toMatchObject({
      id: "err-urd-query-queue-full",
    });
    release();
    await first;
    expect((await instant(client, { query: "up" })).json).toContain('"success"');
  });
});

describe("labels", () => {
  const client = queryServiceOver([shard]);

  test("names, values and series", async () => {
    expect((await client.labelNames({}, asTenant)).names).toEqual(["__name__", "job"]);
    const values = await client.labelValues(
      { name: "job", selectors: ["up"], limit: 1n },
      asTenant,
    );
    expect([values.values, values.warnings]).toEqual([["a"], ["results truncated due to limit"]]);
    const symbols: string[] = [];
    const series: string[] = [];
    for await (const part of client.series({ selectors: ['{job="b"}'] }, asTenant)) {
      symbols.push(...part.symbols);
      for (const one of part.series) series.push(one.labelRefs.map((ref) => symbols[ref]).join());
    }
    expect(series).toEqual(["__name__,up,job,b"]);
  });

  test("selectors that are none, or that select everything", async () => {
    const ask = (selector: string): Promise<unknown> =>
      client.labelNames({ selectors: [selector] }, asTenant);
    await expect(ask("sum(up)")).rejects.toMatchObject({ id: "err-urd-query-invalid" });
    await expect(ask("{}")).rejects.toThrow("match[] must contain at least one non-empty matcher");
  });
});

test("metadata of all shards, each text once, cut as asked", async () => {
  const one = (metric: string, help: string): FakeShard => ({
    series: [],
    handlers: { metadata: () => ({ metadata: [{ metric, type: "gauge", help, unit: "" }] }) },
  });
  const client = queryServiceOver([one("b", "x"), one("a", "x"), one("b", "x"), one("b", "y")]);
  const read = async (limits: { limit?: bigint; limitPerMetric?: bigint }): Promise<string[]> =>
    (await client.metadata(limits, asTenant)).metadata.map(({ metric, help }) => metric + help);
  expect(await read({})).toEqual(["ax", "bx", "by"]);
  expect(await read({ limit: 1n })).toEqual(["ax"]);
  expect(await read({ limitPerMetric: 1n })).toEqual(["ax", "bx"]);
});
