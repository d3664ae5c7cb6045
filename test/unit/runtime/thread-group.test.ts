import { expect, test } from "vitest";
import { IngesterService } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { defined, systemClock } from "../../../server/platform/base/index.ts";
import { createClient, openPortChannel } from "../../../server/platform/rpc/index.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { Readiness } from "../../../server/runtime/readiness.ts";
import { ThreadGroup } from "../../../server/runtime/thread-group.ts";

test("channels outlive a thread's restart; a port of one's own dies with the thread", async () => {
  const readiness = new Readiness([]);
  const again = Promise.withResolvers<void>();
  let starts = 0;
  let servings = 0;
  const group = new ThreadGroup({
    kind: "shard",
    unavailable: "shard-unavailable",
    count: 1,
    entry: new URL("../../support/threads/counting-thread.ts", import.meta.url),
    log: { level: "error", format: "json" },
    prepare: () => ({ workerData: { start: ++starts }, transfer: [] }),
    onServing: () => {
      if (++servings === 2) again.resolve();
    },
    readiness,
    clock: systemClock,
    logger: silentLogger,
  });
  const client = createClient(IngesterService, defined(group.channels[0], "a channel"));
  await expect(client.stats({})).rejects.toMatchObject({ id: "err-urd-shard-unavailable" });
  await group.start();
  expect((await client.stats({})).series).toBe(1n);
  expect((await group.snapshots(5000))[0]?.[0]?.values[0]?.value).toBe(1);

  const direct = createClient(
    IngesterService,
    openPortChannel(group.connect(0), { clock: systemClock }),
  );
  expect((await direct.stats({})).series).toBe(1n);

  group.post(0, { kind: "die" });
  await again.promise;
  await expect(direct.stats({})).rejects.toMatchObject({ id: "err-urd-rpc-unavailable" });
  expect((await client.stats({})).series).toBe(2n);
  expect(group.serving).toEqual([0]);
  expect(readiness.reasons()).toEqual([]);
  await group.stop(5000);
});
