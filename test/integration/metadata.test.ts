import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Metadata_MetricType, RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { MetricMetadata_MetricType, WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { type LiveUrd, startUrd } from "../support/live-urd.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let urd: LiveUrd;
beforeAll(async () => {
  urd = await startUrd(["--self-monitoring.enabled=false"]);
});
afterAll(() => urd.stop());

async function metadata(parameters = ""): Promise<unknown> {
  const answer = await fetch(`${urd.url}/api/v1/metadata${parameters}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: unknown }).data;
}

test("metadata of both formats is told, and told again after a kill", async () => {
  const alone = toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      metadata: [
        {
          ...{ metricFamilyName: "a_total", help: "A.", unit: "bytes" },
          type: MetricMetadata_MetricType.COUNTER,
        },
        { metricFamilyName: "b", help: "B.", type: MetricMetadata_MetricType.GAUGE },
        { metricFamilyName: "b", help: "Other.", type: MetricMetadata_MetricType.GAUGE },
      ],
    }),
  );
  expect((await urd.write(1, alone)).status).toBe(204);
  const inline = toBinary(
    RequestSchema,
    create(RequestSchema, {
      symbols: ["", "__name__", "c_bucket", "C.", "seconds"],
      timeseries: [
        {
          labelsRefs: [1, 2],
          samples: [{ value: 1, timestamp: BigInt(Date.now()) }],
          metadata: { type: Metadata_MetricType.HISTOGRAM, helpRef: 3, unitRef: 4 },
        },
      ],
    }),
  );
  expect((await urd.write(2, inline)).status).toBe(204);
  const all = {
    a_total: [{ type: "counter", help: "A.", unit: "bytes" }],
    b: [
      { type: "gauge", help: "B.", unit: "" },
      { type: "gauge", help: "Other.", unit: "" },
    ],
    c: [{ type: "histogram", help: "C.", unit: "seconds" }],
  };
  expect(await metadata()).toEqual(all);
  urd = await urd.restart();
  expect(await metadata()).toEqual(all);
  expect(await metadata("?metric=b&limit_per_metric=1")).toEqual({ b: [all.b[0]] });
  expect(await metadata("?limit=1")).toEqual({ a_total: all.a_total });
  expect(await metadata("?metric=nothing")).toEqual({});
});
