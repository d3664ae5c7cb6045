import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { IngesterService, StatsResponseSchema } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { type Channel, createClient } from "../../../server/platform/rpc/index.ts";
import { createSwitchingChannel } from "../../../server/runtime/switching-channel.ts";

function channelTo(series: bigint, closed: bigint[]): Channel {
  return {
    unary: () => Promise.resolve(create(StatsResponseSchema, { series })),
    stream: async function* () {
      yield await Promise.resolve(create(StatsResponseSchema, { series }));
    },
    close: () => void closed.push(series),
  };
}

test("calls fail until there is a target, then go to the newest one", async () => {
  const closed: bigint[] = [];
  const channel = createSwitchingChannel(() => new Error("not yet"));
  const client = createClient(IngesterService, channel);
  await expect(client.stats({})).rejects.toThrow("not yet");
  channel.use(channelTo(1n, closed));
  expect((await client.stats({})).series).toBe(1n);
  channel.use(channelTo(2n, closed));
  expect(closed).toEqual([1n]);
  expect((await client.stats({})).series).toBe(2n);
  channel.use(undefined);
  await expect(client.series({})[Symbol.asyncIterator]().next()).rejects.toThrow("not yet");
});
