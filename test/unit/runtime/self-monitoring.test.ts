import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WriteRequestSchema } from "../../../gen/prometheus/remote_pb.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import { type MetricFamily, silentLogger } from "../../../server/platform/telemetry/index.ts";
import { SelfMonitoring, selfWriteRequest } from "../../../server/runtime/self-monitoring.ts";

const families: readonly MetricFamily[] = [
  {
    name: "urd_a_total",
    type: "counter",
    help: "a",
    rows: [{ name: "urd_a_total", labels: { zone: "z", alpha: "x" }, value: 3 }],
  },
];
const target = { job: "urd", instance: "127.0.0.1:9009" };

test("each row becomes a series with sorted labels, and metadata goes along", () => {
  const bytes = selfWriteRequest(families, { target, timeMs: 1_000_000 });
  const request = fromBinary(WriteRequestSchema, bytes);
  expect(request.timeseries[0]?.labels.map(({ name, value }) => `${name}=${value}`)).toEqual([
    "__name__=urd_a_total",
    "alpha=x",
    "instance=127.0.0.1:9009",
    "job=urd",
    "zone=z",
  ]);
  expect(request.timeseries[0]?.samples[0]).toMatchObject({ value: 3, timestamp: 1_000_000n });
  expect(request.metadata[0]).toMatchObject({ metricFamilyName: "urd_a_total", type: 1 });
});

test("the first write is done when the start is, and a failed one is not fatal", async () => {
  const pushed: Uint8Array[] = [];
  const common = {
    target,
    intervalMs: 60_000,
    families: () => Promise.resolve(families),
    clock: systemClock,
    logger: silentLogger,
  };
  const good = new SelfMonitoring({
    ...common,
    push: (request) => Promise.resolve(void pushed.push(request)),
  });
  await good.start();
  expect(pushed).toHaveLength(1);
  await good.stop();
  const bad = new SelfMonitoring({ ...common, push: () => Promise.reject(new Error("full")) });
  await bad.start();
  await bad.stop();
});
