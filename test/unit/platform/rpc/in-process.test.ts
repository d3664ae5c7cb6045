import { expect, test } from "vitest";
import { systemClock } from "../../../../server/platform/base/index.ts";
import {
  createClient,
  openInProcessChannel,
  serve,
} from "../../../../server/platform/rpc/index.ts";
import { echoService } from "../../../support/echo-service.ts";
import { channelSuite } from "./channel-suite.ts";

channelSuite(
  "in-process channel",
  (services) => {
    const channel = openInProcessChannel(services, { clock: systemClock });
    return { channel, close: () => channel.close() };
  },
  { windowMessagesMax: 2 },
);

test("messages are passed as they are", async () => {
  const data = new Uint8Array(8);
  const handlers = serve(echoService, { one: (request) => request });
  const channel = openInProcessChannel([handlers], { clock: systemClock });
  const answer = await createClient(echoService, channel).one({ data });
  expect(answer.data).toBe(data);
});
