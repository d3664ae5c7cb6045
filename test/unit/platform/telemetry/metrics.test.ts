import { expect, test } from "vitest";
import { AssertionError } from "../../../../server/platform/base/index.ts";
import {
  createMetricRegistry,
  joinSnapshots,
} from "../../../../server/platform/telemetry/index.ts";

test("counters of several threads add up by label set, gauges by their aggregation", async () => {
  const snapshots = [1, 2].map(async (thread) => {
    const registry = createMetricRegistry();
    const counter = registry.counter({ name: "urd_a_total", help: "a", labelNames: ["kind"] });
    counter.inc({ kind: "x" }, thread);
    registry.gauge({ name: "urd_b_seconds", help: "b" }, "max").set(thread);
    return structuredClone(await registry.snapshot());
  });
  const families = await joinSnapshots(await Promise.all(snapshots)).families();
  expect(families).toEqual([
    {
      name: "urd_a_total",
      type: "counter",
      help: "a",
      rows: [{ name: "urd_a_total", labels: { kind: "x" }, value: 3 }],
    },
    {
      name: "urd_b_seconds",
      type: "gauge",
      help: "b",
      rows: [{ name: "urd_b_seconds", labels: {}, value: 2 }],
    },
  ]);
});

test("a histogram gives its buckets, sum and count as rows and as text", async () => {
  const registry = createMetricRegistry();
  registry.histogram({ name: "urd_h_seconds", help: "h", buckets: [1, 2] }).observe(1.5);
  const joined = joinSnapshots([await registry.snapshot()]);
  expect(
    (await joined.families())
      .flatMap((family) => family.rows)
      .map((row) => `${row.name} ${row.labels["le"] ?? ""} ${row.value}`),
  ).toEqual([
    "urd_h_seconds_bucket 1 0",
    "urd_h_seconds_bucket 2 1",
    "urd_h_seconds_bucket +Inf 1",
    "urd_h_seconds_sum  1.5",
    "urd_h_seconds_count  1",
  ]);
  expect(await joined.text()).toContain('urd_h_seconds_bucket{le="2"} 1\n');
});

test("a metric with a foreign name is a bug", () => {
  expect(() => createMetricRegistry().counter({ name: "other_total", help: "o" })).toThrow(
    AssertionError,
  );
});
