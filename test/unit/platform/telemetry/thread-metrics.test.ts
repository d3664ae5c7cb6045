import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { systemClock } from "../../../../server/platform/base/index.ts";
import {
  answerMetrics,
  createMetricRegistry,
  metricsFrom,
} from "../../../../server/platform/telemetry/index.ts";

test("a thread answers with its metrics, time and again", async () => {
  const { port1, port2 } = new MessageChannel();
  const registry = createMetricRegistry();
  const counter = registry.counter({ name: "urd_a_total", help: "a" });
  answerMetrics(port1, registry);
  const source = metricsFrom(port2, systemClock);
  counter.inc();
  expect((await source.snapshot(5000))[0]?.values[0]?.value).toBe(1);
  counter.inc();
  expect((await source.snapshot(5000))[0]?.values[0]?.value).toBe(2);
  port1.close();
});

test("a thread that does not answer is left out", async () => {
  const { port1, port2 } = new MessageChannel();
  expect(await metricsFrom(port2, systemClock).snapshot(10)).toEqual([]);
  port1.close();
});
