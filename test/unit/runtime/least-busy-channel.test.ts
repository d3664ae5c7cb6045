import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { IngesterService, StatsResponseSchema } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { type Channel, createClient } from "../../../server/platform/rpc/index.ts";
import { createLeastBusyChannel } from "../../../server/runtime/least-busy-channel.ts";

test("a call goes where the fewest are open", async () => {
  const calls: number[] = [];
  const gate = Promise.withResolvers<void>();
  const member = (index: number): Channel => ({
    unary: async () => {
      calls.push(index);
      await gate.promise;
      return create(StatsResponseSchema, {});
    },
    stream: async function* () {
      calls.push(index);
      yield await Promise.resolve(create(StatsResponseSchema, {}));
    },
    close: () => {},
  });
  const client = createClient(IngesterService, createLeastBusyChannel([member(0), member(1)]));
  const open = [client.stats({}), client.stats({}), client.stats({})];
  for await (const _ of client.series({})) break;
  expect(calls).toEqual([0, 1, 0, 1]);
  gate.resolve();
  await Promise.all(open);
  await client.stats({});
  expect(calls.at(-1)).toBe(0);
});
