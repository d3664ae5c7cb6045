import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  Metadata_MetricType,
  RequestSchema,
} from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  MetricMetadata_MetricType,
  WriteRequestSchema,
} from "../../../gen/prometheus/remote_pb.ts";
import { MetadataStore } from "../../../server/ingester/metadata.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const all = { metric: "", limit: -1 };

function write1(metrics: readonly string[], help = "What it is."): Uint8Array {
  return toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      metadata: metrics.map((metricFamilyName) => ({
        metricFamilyName,
        type: MetricMetadata_MetricType.COUNTER,
        help,
        unit: "seconds",
      })),
    }),
  );
}

describe("metadata", () => {
  test("of remote write 1.0", () => {
    const store = new MetadataStore(createManualClock());
    store.take("a", 1, write1(["b_total", "a_total"]));
    store.take("a", 1, write1(["a_total"], "Another text."));
    store.take("a", 1, write1(["a_total"]));
    expect(store.find({ tenant: "a", ...all }).map(({ metric }) => metric)).toEqual([
      "a_total",
      "a_total",
      "b_total",
    ]);
    expect(store.find({ tenant: "a", metric: "b_total", limit: -1 })).toEqual([
      { metric: "b_total", type: "counter", help: "What it is.", unit: "seconds" },
    ]);
    expect(store.find({ tenant: "a", metric: "", limit: 1 })).toHaveLength(2);
    expect(store.find({ tenant: "b", ...all })).toEqual([]);
  });

  test("of remote write 2.0, by family", () => {
    const symbols = ["", "__name__", "x_bucket", "x_sum", "up", "Help.", "job", "y", "bytes"];
    const histogram = { type: Metadata_MetricType.HISTOGRAM, helpRef: 5 };
    const payload = toBinary(
      RequestSchema,
      create(RequestSchema, {
        symbols,
        timeseries: [
          { labelsRefs: [1, 2, 6, 7], metadata: histogram },
          { labelsRefs: [1, 3], metadata: histogram },
          { labelsRefs: [6, 7, 1, 4], metadata: { type: Metadata_MetricType.GAUGE, unitRef: 8 } },
          { labelsRefs: [1, 7], metadata: {} },
          { labelsRefs: [1, 7] },
        ],
      }),
    );
    const store = new MetadataStore(createManualClock());
    store.take("a", 2, payload);
    expect(store.find({ tenant: "a", ...all })).toEqual([
      { metric: "up", type: "gauge", help: "", unit: "bytes" },
      { metric: "x", type: "histogram", help: "Help.", unit: "" },
    ]);
  });

  test("is bounded in families and in the length of texts", () => {
    const store = new MetadataStore(createManualClock());
    store.take("a", 1, write1(["long"], "x".repeat(5000)));
    expect(store.find({ tenant: "a", ...all })[0]?.help).toHaveLength(1024);
    store.take("a", 1, write1(Array.from({ length: 12_000 }, (_, i) => `metric_${i}`)));
    expect(store.find({ tenant: "a", ...all })).toHaveLength(10_000);
    for (let i = 0; i < 20; i++) store.take("a", 1, write1(["long"], `text ${i}`));
    expect(store.find({ tenant: "a", metric: "long", limit: -1 })).toHaveLength(10);
  });

  test("of anything malformed is left alone", () => {
    const store = new MetadataStore(createManualClock());
    const good = write1(["a_total"]);
    for (let i = 0; i < good.length; i++) {
      store.take("a", 1, good.subarray(0, i));
      store.take("a", 2, good.subarray(i));
      store.take(
        "a",
        2,
        Uint8Array.from(good, (byte, at) => (at === i ? 255 - byte : byte)),
      );
    }
    store.take("a", 1, good);
    expect(store.find({ tenant: "a", metric: "a_total", limit: -1 })).toHaveLength(1);
  });

  test("under load only a share of the payloads is read for it", () => {
    let nowMs = 0;
    const slow = { ...createManualClock(), monotonicMs: () => (nowMs += 40) };
    const store = new MetadataStore(slow);
    const payload = toBinary(
      RequestSchema,
      create(RequestSchema, {
        symbols: ["", "__name__", "up", "Help."],
        timeseries: [{ labelsRefs: [1, 2], metadata: { helpRef: 3 } }],
      }),
    );
    for (let i = 0; i < 10; i++) store.take("busy", 2, payload);
    store.take("late", 2, payload);
    expect(store.find({ tenant: "busy", ...all })).toHaveLength(1);
    expect(store.find({ tenant: "late", ...all })).toHaveLength(0);
  });
});
