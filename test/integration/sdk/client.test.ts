import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createUrdClient as createBrowserClient } from "../../../clients/sdk/browser.ts";
import {
  createUrdClient,
  staleMarker,
  type UrdClient,
  UrdClientError,
  type UrdClientOptions,
} from "../../../clients/sdk/index.ts";
import { urdError } from "../../../server/model/index.ts";
import { type MemoryServer, startMemoryServer } from "./memory-server.ts";

const makers: Readonly<Record<string, (options: UrdClientOptions) => UrdClient>> = {
  gRPC: (options) => createUrdClient({ ...options, transport: "grpc" }),
  Connect: (options) => createUrdClient({ ...options, transport: "connect" }),
  "Connect, compressed": (options) =>
    createUrdClient({ ...options, transport: "connect", compression: true }),
  browser: createBrowserClient,
};

let server: MemoryServer;
const clients: UrdClient[] = [];
beforeEach(async () => {
  server = await startMemoryServer();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
});

const failureOf = async (call: Promise<unknown>): Promise<UrdClientError> => {
  const thrown = await call.then(() => undefined).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UrdClientError);
  return thrown as UrdClientError;
};

const up = (samples = 1) => ({
  labels: { job: "a", __name__: "up" },
  samples: Array.from({ length: samples }, (_, at) => ({ timeMs: at, value: at })),
});

describe.each(Object.entries(makers))("%s", (_, make) => {
  const connect = (options: Partial<UrdClientOptions> = {}): UrdClient => {
    const retry = { attemptsMax: 4, delayMsMin: 1, delayMsMax: 5 };
    const client = make({ baseUrl: server.baseUrl, tenant: "team", retry, ...options });
    clients.push(client);
    return client;
  };

  test("writes samples bit for bit, labels sorted, for the tenant", async () => {
    const outcome = await connect().write([
      {
        labels: { z: "", job: "a", __name__: "up" },
        samples: [
          { timeMs: -5, value: -0 },
          { timeMs: 1e13, value: Number.POSITIVE_INFINITY },
          { timeMs: 0, value: 0 },
          { timeMs: 2, value: staleMarker },
        ],
        metadata: { type: "gauge", help: "Help." },
      },
    ]);
    expect(outcome).toEqual({
      samplesStored: 4,
      samplesDuplicate: 0,
      samplesRefused: 0,
      refused: [],
    });
    expect(server.tenants).toEqual(["team"]);
    const [batch] = server.batches;
    const [series] = batch?.timeseries ?? [];
    const text = (ref: number) => batch?.symbols[ref];
    expect(series?.labelsRefs.map(text)).toEqual(["__name__", "up", "job", "a", "z", ""]);
    expect(series?.samples.map(({ timestamp }) => timestamp)).toEqual([-5n, 10n ** 13n, 0n, 2n]);
    expect(series?.samples.map(({ value }) => value)).toEqual([-0, Infinity, 0, Number.NaN]);
    const stale = Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);
    expect(Buffer.from(server.payloads[0] ?? []).includes(stale)).toBe(true);
    expect(text(series?.metadata?.helpRef ?? 0)).toBe("Help.");
    expect(series?.metadata?.type).toBe(2);
  });

  test("refusals come as typed values and the rest is stored", async () => {
    const outcome = await connect().write([up(3), { ...up(), labels: { bad: "" } }]);
    expect(outcome).toMatchObject({ samplesStored: 3, samplesRefused: 1 });
    expect(outcome.refused[0]?.error).toMatchObject({
      name: "UrdClientError",
      id: "err-urd-label-invalid",
      series: "{}",
      retryable: false,
    });
  });

  test("many series go in batches, in order, with joined outcomes", async () => {
    const outcome = await connect().write([up(25_000), ...Array.from({ length: 5 }, () => up())]);
    expect(outcome.samplesStored).toBe(25_005);
    const sizes = server.batches.map(({ timeseries }) =>
      timeseries.reduce((sum, { samples }) => sum + samples.length, 0),
    );
    expect(sizes).toEqual([10_000, 10_000, 5_005]);
  });

  test("failures that may pass are tried again, others are not", async () => {
    server.failures.push(urdError("ingester-log-unavailable", "Disk full."));
    server.failures.push(urdError("tenant-max-ingestion-rate", "Slow.", { retryAfterMs: 20 }));
    const client = connect();
    expect((await client.write([up()])).samplesStored).toBe(1);
    expect(server.tenants).toHaveLength(3);

    server.failures.push(urdError("write-request-invalid", "Nonsense."));
    const error = await failureOf(client.write([up()]));
    expect(error).toMatchObject({
      id: "err-urd-write-request-invalid",
      code: "INVALID_ARGUMENT",
      retryable: false,
    });
    expect(server.tenants).toHaveLength(4);
  });

  test("patience ends", async () => {
    const failure = urdError("ingester-max-series", "Full.", { limit: 5 });
    server.failures.push(...Array.from({ length: 10 }, () => failure));
    expect(await failureOf(connect().write([up()]))).toMatchObject({
      id: "err-urd-ingester-max-series",
      code: "UNAVAILABLE",
      limit: 5,
      option: "ingester.instance_limits.max_series",
    });
    expect(server.tenants).toHaveLength(4);
  });

  test("a query's result comes as columns, frame by frame", async () => {
    const client = connect();
    const range = { start: new Date(1_000), end: 3_000, stepMs: 1_000, stats: true };
    const result = await client.queryRange("up", range).collect();
    expect(result).toMatchObject({
      type: "matrix",
      warnings: [],
      completeness: { complete: true },
      stats: { samplesTotal: 5 },
    });
    expect(result.series).toHaveLength(1000);
    expect(result.series[0]?.timesMs).toEqual(Float64Array.of(1_000, 2_000, 3_000));
    expect(result.series[0]?.values).toEqual(Float64Array.of(-0, 1, 2));
    expect(result.series[999]?.labels).toEqual({ __name__: "up", n: "999" });
  });

  test("native histograms come with the bounds of their buckets", async () => {
    const { series } = await connect().queryInstant("histogram").collect();
    expect(series[0]?.values).toEqual(Float64Array.of(7, Number.NaN, Number.NaN));
    const [nothing, exponential, custom] = series[0]?.histograms ?? [];
    expect(nothing).toBeUndefined();
    const lower = { lowerInclusive: true, upperInclusive: false };
    const upper = { lowerInclusive: false, upperInclusive: true };
    const both = { lowerInclusive: true, upperInclusive: true };
    expect(exponential).toEqual({
      ...{ count: 9.5, sum: -1, schema: 1, zeroThreshold: 0.75, counterReset: "gauge" },
      buckets: [
        { lower: -1.414213562373095, upper: -1, count: 2, ...lower },
        { lower: -1, upper: -0.75, count: 1.5, ...lower },
        { lower: -0.75, upper: 0.75, count: 2, ...both },
        { lower: 0.75, upper: 1, count: 3, ...upper },
        { lower: 1.414213562373095, upper: 2, count: 1, ...upper },
      ],
    });
    expect(custom).toMatchObject({
      counterReset: "unknown",
      buckets: [
        { lower: -Infinity, upper: 0.5, count: 1, ...both },
        { lower: 0.5, upper: Infinity, count: 1, ...upper },
      ],
    });
  });

  test("leaving a result's loop cancels the query", async () => {
    const stream = connect().queryRange("up", { start: 0, end: 1_000_000, stepMs: 100 });
    for await (const frame of stream) {
      expect(frame.series).toHaveLength(1);
      break;
    }
    await until(() => server.cancelled === 1);
    expect(server.frames).toBeLessThan(1000);
  });

  test("strings, warnings, failures and cut answers", async () => {
    const client = connect();
    expect(await client.queryInstant('"text"').collect()).toMatchObject({
      type: "string",
      text: "text",
      series: [],
      warnings: ["careful"],
    });
    expect(await failureOf(client.queryInstant("fail").collect())).toMatchObject({
      id: "err-urd-max-series-per-query",
      code: "RESOURCE_EXHAUSTED",
      limit: 7,
      message: "Too many.",
    });
    expect(await failureOf(client.queryInstant("cut").collect())).toMatchObject({
      id: "err-urd-rpc-unavailable",
    });
  });

  test("signals cancel, deadlines end, and the server hears of it", async () => {
    const client = connect();
    const controller = new AbortController();
    const call = client.queryInstant("hang", { signal: controller.signal }).collect();
    setTimeout(() => controller.abort(), 50);
    expect(await failureOf(call)).toMatchObject({ code: "CANCELLED" });
    const late = client.queryInstant("hang", { timeoutMs: 60 }).collect();
    expect(await failureOf(late)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await until(() => server.cancelled === 2);
  });

  test("exemplars, plans and queries at work", async () => {
    const client = connect();
    expect(await client.exemplars("up", { start: 5, end: new Date(9) })).toEqual([
      {
        labels: { __name__: "up" },
        exemplars: [{ labels: { trace_id: "x" }, value: -0, timeMs: 5 }],
      },
      { labels: { __name__: "z" }, exemplars: [{ labels: {}, value: 0, timeMs: 9 }] },
    ]);
    const plain = await client.explain("sum(up)", { start: 0, end: 60_000, stepMs: 3 });
    expect(plain).toMatchObject({ steps: 3, stats: undefined, warnings: [], infos: [] });
    expect(plain.root).toMatchObject({ operator: "aggregate sum", expression: "sum(up)" });
    expect(plain.root).toMatchObject({ remarks: ["r"], stats: undefined });
    expect(plain.root.inputs[0]).toMatchObject({ operator: "vector-selector", inputs: [] });
    const analyzed = await client.explain("up", { analyze: true });
    expect(analyzed.root.stats).toMatchObject({ series: 1, samples: 2, wallUs: 3 });
    expect(analyzed.stats).toMatchObject({ samplesTotal: 7, samplesPerStep: [3, 4] });
    expect(analyzed.infos).toEqual(["i"]);
    expect(await client.activeQueries()).toMatchObject([
      { id: "query-0.1", query: "up", threadUs: 5, stepMs: 0 },
    ]);
    expect(await client.cancelQuery("query-0.1")).toBe(true);
    expect(await client.cancelQuery("query-0.2")).toBe(false);
  });

  test("lists", async () => {
    const client = connect();
    expect(await client.series(["up"])).toEqual({
      items: [{ a: "1" }, { a: "2" }],
      warnings: ["cut"],
    });
    expect((await client.labelNames({ selectors: ["up"], start: 5 })).items).toEqual(["a", "up"]);
    expect(await client.labelValues("job", { limit: 3 })).toEqual({
      items: ["job", "3"],
      warnings: ["w"],
    });
    expect(await client.metadata()).toEqual([{ name: "up", type: "gauge", help: "h", unit: "" }]);
  });

  test("nobody there is unavailable, and a tenant may be asked for", async () => {
    const dead = connect({ baseUrl: "http://127.0.0.1:9", retry: { attemptsMax: 1 } });
    expect(await failureOf(dead.labelNames())).toMatchObject({ code: "UNAVAILABLE" });
    const { tenant: _, ...anonymous } = { tenant: "", baseUrl: server.baseUrl };
    const client = make(anonymous);
    clients.push(client);
    expect(await failureOf(client.labelNames())).toMatchObject({
      id: "err-urd-no-org-id",
      code: "UNAUTHENTICATED",
    });
  });

  test("times that are no whole milliseconds are refused before anything is sent", async () => {
    const call = connect().write([{ labels: { a: "b" }, samples: [{ timeMs: 0.5, value: 1 }] }]);
    expect(await failureOf(call)).toMatchObject({ id: "err-urd-request-invalid" });
    expect(server.tenants).toEqual([]);
  });
});

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
};
