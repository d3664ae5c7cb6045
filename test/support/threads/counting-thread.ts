/** A thread for tests: serves IngesterService.Stats with its start number, dies on `die`. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { IngesterService } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import { serve, serveOnPort } from "../../../server/platform/rpc/index.ts";
import { answerMetrics, createMetricRegistry } from "../../../server/platform/telemetry/index.ts";

type Message =
  | { kind: "connect"; port: MessagePort }
  | { kind: "die" }
  | { kind: "stop" }
  | { kind: "limits" };

const { start, metricsPort } = workerData as { start: number; metricsPort: MessagePort };
const registry = createMetricRegistry();
registry.counter({ name: "urd_test_total", help: "t" }).inc(start);
answerMetrics(metricsPort, registry);

const handlers = { stats: () => ({ series: BigInt(start) }) };
parentPort?.on("message", (message: Message) => {
  if (message.kind === "die") throw new Error("told to die");
  if (message.kind === "stop") process.exit(0);
  if (message.kind === "connect") {
    serveOnPort(message.port, [serve(IngesterService, handlers)], {
      clock: systemClock,
      onBug: () => {},
    });
  }
});
parentPort?.postMessage({ kind: "serving" });
