import { describe, expect, test } from "vitest";
import { urdError } from "../../../server/model/index.ts";
import { askAll, queryStreams } from "../../../server/peers/index.ts";
import { UrdError } from "../../../server/platform/base/index.ts";
import { selectorOf } from "../../../server/wire/index.ts";
import { chunkOf, type FakeShard, fakePeers } from "../../support/fake-shard.ts";

const never = new AbortController().signal;
const selector = selectorOf({
  matchers: [{ type: "!=", name: "a", value: "" }],
  startMs: 0,
  endMs: 9,
});
const request = { tenant: "t", selector };

const shardOf = (count: number, rest: Partial<FakeShard> = {}): FakeShard => ({
  series: Array.from({ length: count }, (_, i) => ({
    labels: ["a", String(i)],
    chunks: [chunkOf([[1, i]])],
  })),
  frameSeries: 1,
  ...rest,
});

const parts = async (shards: readonly FakeShard[], signal = never): Promise<string[]> => {
  const seen: string[] = [];
  for await (const { peer, part } of queryStreams(fakePeers(shards), request, signal)) {
    seen.push(`${peer.name} ${part.case}`);
  }
  return seen;
};

describe("streams", () => {
  test("come in the order of the peers, whoever is faster", async () => {
    const slow = shardOf(1, { beforeFrame: () => new Promise((go) => setTimeout(go, 20)) });
    expect(await parts([slow, shardOf(2)])).toEqual([
      "shard-0 frame",
      "shard-0 end",
      "shard-1 frame",
      "shard-1 frame",
      "shard-1 end",
    ]);
  });

  test("are all started at once", async () => {
    const started: number[] = [];
    const shards = [0, 1, 2].map((i) =>
      shardOf(1, {
        beforeFrame: async () => {
          started.push(i);
          while (started.length < 3) await new Promise((go) => setImmediate(go));
        },
      }),
    );
    await parts(shards);
    expect(started.sort((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  test("one that fails fails all, and the others are cancelled", async () => {
    let isCancelled = false;
    const waiting = shardOf(1, {
      beforeFrame: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            isCancelled = true;
            reject(signal.reason as Error);
          });
        }),
    });
    const gone = shardOf(1, {
      beforeFrame: () => Promise.reject(urdError("rpc-unavailable", "The port is closed.")),
    });
    await expect(parts([gone, waiting])).rejects.toMatchObject({
      id: "err-urd-shard-unavailable",
      message: "shard-0 cannot be asked: The port is closed.",
    });
    await new Promise((go) => setImmediate(go));
    expect(isCancelled).toBe(true);
  });

  test("one without an end is not an answer", async () => {
    const cut = shardOf(0, { handlers: { async *queryStream() {} } });
    await expect(parts([cut])).rejects.toMatchObject({ id: "err-urd-query-incomplete" });
  });

  test("nobody to ask is a failure, not an empty answer", async () => {
    await expect(parts([])).rejects.toMatchObject({ id: "err-urd-shard-unavailable" });
    await expect(askAll([], never, () => Promise.resolve(1))).rejects.toThrow(UrdError);
  });
});

describe("asking all", () => {
  test("gives the answers in the order of the peers", async () => {
    const peers = fakePeers([shardOf(0), shardOf(0), shardOf(0)]);
    const answers = askAll(peers, never, async ({ shard }) => {
      await new Promise((go) => setTimeout(go, 10 - 3 * shard));
      return shard;
    });
    expect(await answers).toEqual([0, 1, 2]);
  });

  test("the first failure is the answer, and the others learn of it", async () => {
    const peers = fakePeers([shardOf(0), shardOf(0)]);
    let other: AbortSignal | undefined;
    const answers = askAll(peers, never, ({ shard }, { signal }) => {
      if (shard === 1) return Promise.reject(urdError("internal", "Oh."));
      other = signal;
      return new Promise(() => undefined);
    });
    await expect(answers).rejects.toMatchObject({ id: "err-urd-internal" });
    expect(other?.aborted).toBe(true);
  });
});
