import { describe, expect, test } from "vitest";
import { MatcherType, PayloadFormat } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { ExemplarStore } from "../../../server/ingester/exemplars.ts";
import { createIngesterHandlers } from "../../../server/ingester/handlers.ts";
import { MetadataStore } from "../../../server/ingester/metadata.ts";
import {
  createClient,
  openInProcessChannel,
  RawIngesterService,
  type ServiceClient,
  serve,
} from "../../../server/platform/rpc/index.ts";
import type { Shard } from "../../../server/shard/index.ts";
import { createSeriesFrameDecoder } from "../../../server/wire/index.ts";
import { createFaultyVfs } from "../../support/faulty-vfs.ts";
import { encodePayload } from "../../support/kernel-payloads.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { manySeries, openTestShard, testLimits } from "../../support/shard-world.ts";

const startMs = 1_700_000_000_000;
const tenant = "anonymous";

type Ingester = ServiceClient<typeof RawIngesterService>;

async function world(): Promise<{ client: Ingester; shard: Shard }> {
  const clock = createManualClock();
  const shard = await openTestShard(createFaultyVfs(), clock);
  return { client: clientOf(() => shard), shard };
}

function clientOf(shard: () => Shard | undefined): Ingester {
  const clock = createManualClock();
  const handlers = createIngesterHandlers({
    shard,
    limits: testLimits(),
    metadata: new MetadataStore(clock),
    exemplars: new ExemplarStore(testLimits(), 1),
  });
  return createClient(
    RawIngesterService,
    openInProcessChannel([serve(RawIngesterService, handlers)], { clock }),
  );
}

const push = (client: Ingester, series: Parameters<typeof encodePayload>[1]) =>
  client.push({
    tenant,
    format: PayloadFormat.REMOTE_WRITE_1,
    payload: encodePayload(1, series),
  });

const upTo = (
  endMs: number,
  ...matchers: { type: MatcherType; name: string; value: string }[]
) => ({
  matchers,
  startMs: 0n,
  endMs: BigInt(endMs),
});

async function query(client: Ingester, request: Parameters<Ingester["queryStream"]>[0]) {
  const decoder = createSeriesFrameDecoder();
  const series: { labels: readonly string[]; chunks: number }[] = [];
  let frames = 0;
  let ended = 0n;
  for await (const { part } of client.queryStream(request)) {
    if (part.case === "frame") {
      frames++;
      expect(part.value.length).toBeLessThan((128 << 10) + 1000);
      for (const found of decoder.decode(part.value)) {
        series.push({ labels: found.labels, chunks: found.chunks.length });
      }
    }
    if (part.case === "end") ended = part.value.series;
  }
  return { series, frames, ended };
}

describe("push and query", () => {
  test("series come in frames, then the end", async () => {
    const { client } = await world();
    const answer = await push(client, manySeries("up", 5000, [startMs, 1]));
    expect(answer).toMatchObject({ samplesStored: 5000n, samplesDuplicate: 0n, refusals: [] });
    const all = await query(client, { tenant, selector: upTo(startMs) });
    expect(all.ended).toBe(5000n);
    expect(all.series).toHaveLength(5000);
    expect(all.frames).toBeGreaterThan(1);
    const one = await query(client, {
      tenant,
      selector: upTo(startMs, { type: MatcherType.REGEX, name: "i", value: "4.9.|7" }),
    });
    expect(one.series).toHaveLength(101);
    expect(one.series[0]).toEqual({ labels: ["__name__", "up", "i", "7"], chunks: 1 });
    expect((await query(client, { tenant, selector: upTo(startMs - 1) })).ended).toBe(0n);
  });

  test("what is refused is told with its series and its limit", async () => {
    const { client } = await world();
    const { refusals, samplesStored } = await push(client, [
      { labels: [["a", "b"]], samples: [[startMs, 1]] },
      ...manySeries("up", 2, [startMs + 9e8, 1]),
      ...manySeries("up", 1, [startMs, 1]),
    ]);
    expect(samplesStored).toBe(1n);
    const told = new Map(refusals.map((refusal) => [refusal.error?.id, refusal]));
    expect(told.get("err-urd-missing-metric-name")).toMatchObject({
      samples: 1n,
      error: { series: '{a="b"}', retryable: false },
    });
    const future = told.get("err-urd-too-far-in-future");
    expect(future).toMatchObject({ samples: 2n, error: { limit: 600_000 } });
    expect(future?.error?.message).toMatch(/up\{i="0"\}.*2023-11-25T.*creation_grace_period/);
  });

  test("limits and bad patterns are the caller's errors", async () => {
    const { client } = await world();
    await push(client, manySeries("up", 5, [startMs, 1]));
    await expect(
      query(client, { tenant, selector: upTo(startMs), seriesMax: 4n }),
    ).rejects.toMatchObject({ id: "err-urd-max-series-per-query", limit: 4 });
    const bad = upTo(startMs, { type: MatcherType.REGEX, name: "i", value: "(" });
    await expect(query(client, { tenant, selector: bad })).rejects.toMatchObject({
      id: "err-urd-query-invalid",
    });
    await expect(client.labelNames({ tenant, selectors: [bad] })).rejects.toMatchObject({
      id: "err-urd-query-invalid",
    });
    await expect(client.push({ tenant, payload: new Uint8Array() })).rejects.toMatchObject({
      id: "err-urd-request-invalid",
    });
  });

  test("a shard that is not open refuses everything but metadata", async () => {
    const client = clientOf(() => undefined);
    await expect(push(client, [])).rejects.toMatchObject({ id: "err-urd-shard-unavailable" });
    await expect(query(client, { tenant, selector: upTo(1) })).rejects.toMatchObject({
      id: "err-urd-shard-unavailable",
    });
    await expect(client.stats({})).rejects.toMatchObject({ id: "err-urd-shard-unavailable" });
    expect((await client.metadata({ tenant })).metadata).toEqual([]);
  });
});

describe("labels, series and counts", () => {
  test("are those of the tenant", async () => {
    const { client } = await world();
    await push(client, manySeries("up", 3, [startMs, 1]));
    await push(client, manySeries("down", 2, [startMs + 5000, 1]));
    expect((await client.labelNames({ tenant })).names).toEqual(["__name__", "i"]);
    expect((await client.labelNames({ tenant, limit: 1n })).names).toEqual(["__name__"]);
    const isDown = { type: MatcherType.EQUAL, name: "__name__", value: "down" };
    const down = upTo(startMs + 5000, isDown);
    expect((await client.labelValues({ tenant, name: "i", selectors: [down] })).values).toEqual([
      "0",
      "1",
    ]);
    const before = upTo(startMs, isDown);
    expect((await client.labelValues({ tenant, name: "i", selectors: [before] })).values).toEqual(
      [],
    );
    expect((await client.labelValues({ tenant: "other", name: "i" })).values).toEqual([]);
    expect(await client.stats({ tenant })).toMatchObject({
      series: 5n,
      samplesAppended: 5n,
      oldestTimeMs: BigInt(startMs),
      newestTimeMs: BigInt(startMs + 5000),
    });
    expect(await client.stats({ tenant: "other" })).toMatchObject({ series: 0n });
  });

  test("a series comes once whichever selectors match, and only with samples in range", async () => {
    const { client } = await world();
    await push(client, manySeries("up", 3, [startMs, 1]));
    await push(client, manySeries("down", 2, [startMs + 5000, 1]));
    const list = async (request: Parameters<Ingester["series"]>[0]): Promise<string[]> => {
      const symbols: string[] = [];
      const found: string[] = [];
      for await (const part of client.series(request)) {
        symbols.push(...part.symbols);
        found.push(
          ...part.series.map(({ labelRefs }) => labelRefs.map((ref) => symbols[ref]).join(" ")),
        );
      }
      return found;
    };
    const wide = upTo(startMs + 9000);
    const narrow = upTo(startMs);
    expect(await list({ tenant, selectors: [wide, narrow] })).toHaveLength(5);
    expect(await list({ tenant, selectors: [narrow] })).toEqual([
      "__name__ up i 0",
      "__name__ up i 1",
      "__name__ up i 2",
    ]);
    expect(await list({ tenant, selectors: [wide], limit: 2n })).toHaveLength(2);
  });
});
