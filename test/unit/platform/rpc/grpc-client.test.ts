import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { systemClock as clock } from "../../../../server/platform/base/index.ts";
import {
  createClient,
  defaultGrpcWireOptions,
  openGrpcChannel,
  openGrpcServer,
  RawPushService,
  type ServedService,
  serve,
} from "../../../../server/platform/rpc/index.ts";
import { errorDetailOf, errorOfDetail } from "../../../../server/wire/index.ts";
import { RequestSchema } from "../../../../gen/io/prometheus/write/v2/types_pb.ts";
import { PushService } from "../../../../gen/urd/push/v1/push_pb.ts";
import { collect } from "../../../support/collect.ts";
import { echoService } from "../../../support/echo-service.ts";
import { channelSuite } from "./channel-suite.ts";

const codec = { detailOf: errorDetailOf, errorOf: errorOfDetail };
const wire = { ...defaultGrpcWireOptions, messageSizeBytesMax: 1_000_000 };

const open = async (services: readonly ServedService[]) => {
  const server = await openGrpcServer(services, { clock, codec, wire });
  const port = await server.listen("127.0.0.1", 0);
  const channel = await openGrpcChannel(`127.0.0.1:${port}`, { clock, codec, wire });
  const close = async (): Promise<void> => {
    channel.close();
    await server.close(0);
  };
  return { channel, server, close };
};

channelSuite("gRPC channel", open, { windowMessagesMax: 256 });

describe("gRPC channel, beside the contract", () => {
  test("a message over the bound is refused, typed", async () => {
    const { channel, close } = await open([serve(echoService, { one: () => ({}) })]);
    const call = createClient(echoService, channel).one({ data: new Uint8Array(1_100_000) });
    await expect(call).rejects.toMatchObject({ id: "err-urd-rpc-message-too-large" });
    await close();
  });

  test("nobody there is unavailable", async () => {
    const { channel, server, close } = await open([]);
    await server.close(0);
    await expect(createClient(echoService, channel).one({})).rejects.toMatchObject({
      id: "err-urd-rpc-unavailable",
    });
    await close();
  });

  test("the loss of the peer fails streams under way", async () => {
    const { channel, server, close } = await open([
      serve(echoService, {
        async *down() {
          yield {};
          await new Promise(() => undefined);
        },
      }),
    ]);
    const stream = collect(createClient(echoService, channel).down({}));
    const failed = expect(stream).rejects.toMatchObject({ entry: { code: expect.any(String) } });
    await new Promise<void>((resolve) => clock.after(50, resolve));
    await server.close(0);
    await failed;
    await close();
  });

  test("a typed caller and a raw handler understand each other", async () => {
    const request = create(RequestSchema, { symbols: ["", "a", "b"] });
    const { channel, close } = await open([
      serve(RawPushService, {
        write: ({ request: bytes }) => ({
          outcome: { samplesStored: BigInt(bytes?.byteLength ?? 0) },
        }),
      }),
    ]);
    const answer = await createClient(PushService, channel).write({ request });
    expect(answer.outcome?.samplesStored).toBe(8n);
    await close();
  });
});
