import { describe, expect, test } from "vitest";
import { ResultFormat } from "../../../gen/urd/query/v1/query_pb.ts";
import { chunkOf, type FakeShard } from "../../support/fake-shard.ts";
import { asTenant, queryServiceOver } from "../../support/query-service.ts";

const times = { startMs: 0n, endMs: 600_000n, stepMs: 1000n };

const busy: FakeShard = {
  series: Array.from({ length: 3000 }, (_, i) => ({
    labels: ["__name__", "up", "i", String(i)],
    chunks: [chunkOf(Array.from({ length: 100 }, (__, k) => [k * 6000, k] as const))],
  })),
};

const silent: FakeShard = {
  series: [{ labels: ["__name__", "up"], chunks: [chunkOf([[0, 1]])] }],
  beforeFrame: (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    }),
};

describe("a query at work", () => {
  test.each([
    ["while it evaluates", busy, "sum(quantile_over_time(0.9, up[5m])) by (i)"],
    ["while it waits for a shard", silent, "up"],
  ])("is listed and ends soon after it is cancelled, %s", async (_, shard, query) => {
    const client = queryServiceOver([shard]);
    const ended = (async () => {
      const options = { format: ResultFormat.PROMETHEUS_JSON };
      for await (const part of client.queryRange({ query, ...times, options }, asTenant)) void part;
    })().then(
      () => "whole",
      (error: { id?: string }) => error.id,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { queries } = await client.listQueries({}, asTenant);
    expect(queries).toMatchObject([{ id: "query-0.1", query, ...times }]);
    const strangers = { headers: { "x-scope-orgid": "other" } };
    expect((await client.listQueries({}, strangers)).queries).toEqual([]);
    expect((await client.cancelQuery({ id: "query-0.1" }, strangers)).found).toBe(false);
    const askedMs = performance.now();
    expect((await client.cancelQuery({ id: "query-0.1" }, asTenant)).found).toBe(true);
    expect(await ended).toBe("err-urd-query-cancelled");
    expect(performance.now() - askedMs).toBeLessThan(100);
    expect((await client.listQueries({}, asTenant)).queries).toEqual([]);
    expect((await client.cancelQuery({ id: "query-0.1" }, asTenant)).found).toBe(false);
  });
});

describe("an explanation", () => {
  const shard: FakeShard = {
    series: ["a", "b"].map((job) => ({
      labels: ["__name__", "up", "job", job],
      chunks: [chunkOf(Array.from({ length: 10 }, (_, k) => [k * 60_000, k] as const))],
    })),
  };

  test("is the plan, and reads nothing", async () => {
    const client = queryServiceOver([{ ...shard, beforeFrame: () => Promise.reject(new Error()) }]);
    const found = await client.explain({ query: "sum(up)", ...times }, asTenant);
    expect(found.steps).toBe(601n);
    expect(found.stats).toBeUndefined();
    expect(found.root).toMatchObject({
      operator: "aggregate sum",
      expression: "sum(up)",
      inputs: [{ operator: "vector-selector", expression: "up", inputs: [] }],
    });
    expect(found.root?.stats).toBeUndefined();
  });

  test("with analyze tells the costs by operator, and the query's remarks", async () => {
    const client = queryServiceOver([shard]);
    const query = "sum(rate(up[5m]))";
    const request = { query, startMs: 300_000n, analyze: true };
    const found = await client.explain(request, asTenant);
    expect(found.steps).toBe(1n);
    expect(found.infos).toEqual([expect.stringContaining("metric might not be a counter")]);
    expect(found.stats).toMatchObject({ samplesTotal: 10n, seriesFetched: 2n, chunksFetched: 2n });
    expect(found.root?.stats).toMatchObject({ series: 1n, samples: 1n, sizeBytes: 16n });
    const matrix = found.root?.inputs[0]?.inputs[0];
    expect(matrix?.stats).toMatchObject({ series: 2n, samples: 10n, sizeBytes: 160n });
    expect(found.root?.stats?.wallUs).toBeGreaterThanOrEqual(matrix?.stats?.wallUs ?? 0n);
    expect(found.root?.stats?.cpuUs).toBeGreaterThan(0n);
  });

  test("fails as the query would", async () => {
    const client = queryServiceOver([shard], { limits: { seriesPerQueryMax: 1 } });
    await expect(client.explain({ query: "sum(" }, asTenant)).rejects.toMatchObject({
      id: "err-urd-query-invalid",
    });
    await expect(
      client.explain({ query: "up", startMs: 0n, analyze: true }, asTenant),
    ).rejects.toMatchObject({ id: "err-urd-max-series-per-query" });
  });
});
