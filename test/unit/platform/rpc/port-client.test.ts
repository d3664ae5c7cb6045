import { MessageChannel, Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { systemClock } from "../../../../server/platform/base/index.ts";
import {
  createClient,
  openPortChannel,
  type ServedService,
  serve,
  serveOnPort,
} from "../../../../server/platform/rpc/index.ts";
import { collect } from "../../../support/collect.ts";
import { echoService } from "../../../support/echo-service.ts";
import { channelSuite } from "./channel-suite.ts";

const clock = systemClock;

const open = (services: readonly ServedService[], options: { callsMax?: number } = {}) => {
  const { port1, port2 } = new MessageChannel();
  const server = serveOnPort(port2, services, { clock, ...options });
  const channel = openPortChannel(port1, { clock });
  return { channel, server, close: () => channel.close() };
};

channelSuite("worker-port channel", (services) => open(services), { windowMessagesMax: 10 });

test("shared memory is passed by reference and survives", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 16);
  const { channel, close } = open([
    serve(echoService, {
      one: ({ data }) => {
        data[0] = 42;
        return { count: data.byteLength };
      },
    }),
  ]);
  expect((await createClient(echoService, channel).one({ data: shared })).count).toBe(16);
  expect(shared[0]).toBe(42);
  close();
});

test("whole buffers of a streamed answer are handed over, parts are copied", async () => {
  const whole = new Uint8Array(8192);
  const part = new Uint8Array(16_384).subarray(0, 8192);
  const { channel, close } = open([
    serve(echoService, {
      async *down() {
        yield { data: whole };
        yield { data: part };
      },
    }),
  ]);
  const found = await collect(createClient(echoService, channel).down({}));
  expect(found.map(({ data }) => data.byteLength)).toEqual([8192, 8192]);
  expect(whole.byteLength).toBe(0);
  expect(part.byteLength).toBe(8192);
  close();
});

test("calls beyond the bound are refused, typed", async () => {
  const gate = Promise.withResolvers<object>();
  const { channel, server, close } = open([serve(echoService, { one: () => gate.promise })], {
    callsMax: 2,
  });
  const client = createClient(echoService, channel);
  const held = [client.one({}), client.one({})];
  await expect(client.one({})).rejects.toMatchObject({ id: "err-urd-rpc-overloaded" });
  expect(server.callsOpen).toBe(2);
  gate.resolve({});
  await Promise.all(held);
  expect(server.callsOpen).toBe(0);
  close();
});

test("an answer that cannot be cloned fails its call only", async () => {
  const { channel, close } = open([
    serve(echoService, {
      one: ({ count }) => ({ count, text: (count === 1 ? () => 1 : "fine") as string }),
    }),
  ]);
  const client = createClient(echoService, channel);
  await expect(client.one({ count: 1 })).rejects.toMatchObject({ id: "err-urd-internal" });
  expect((await client.one({ count: 2 })).text).toBe("fine");
  close();
});

test("the death of the serving thread fails its calls", async () => {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL("./mute-worker.ts", import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  });
  const client = createClient(echoService, openPortChannel(port1, { clock }));
  expect((await client.one({ count: 5 })).count).toBe(6);
  const call = client.one({ count: 0 });
  const stream = collect(client.down({}));
  for (const open of [call, stream]) open.catch(() => undefined);
  await worker.terminate();
  await expect(call).rejects.toMatchObject({ id: "err-urd-rpc-unavailable" });
  await expect(stream).rejects.toMatchObject({ id: "err-urd-rpc-unavailable" });
});
