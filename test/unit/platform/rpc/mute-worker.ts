import { type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "../../../../server/platform/base/index.ts";
import { serve, serveOnPort } from "../../../../server/platform/rpc/index.ts";
import { echoService } from "../../../support/echo-service.ts";

const never = new Promise<never>(() => undefined);
const { port } = workerData as { port: MessagePort };

serveOnPort(
  port,
  [
    serve(echoService, {
      one: ({ count }) => (count === 0 ? never : { count: count + 1 }),
      async *down() {
        yield {};
        await never;
      },
    }),
  ],
  { clock: systemClock },
);
