import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  MetricMetadata_MetricType,
  WriteRequestSchema,
} from "../../../gen/prometheus/remote_pb.ts";
import { MetadataStore } from "../../../server/ingester/metadata.ts";
import { type FamilyMetadata, openMetadataFiles } from "../../../server/ingester/metadata-files.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { readWhole, replaceFile, type Vfs } from "../../../server/platform/vfs/index.ts";
import { createFaultyVfs } from "../../support/faulty-vfs.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const dataDir = "/data";

function storeOn(vfs: Vfs, shard = 0, shards = 1): MetadataStore {
  const files = openMetadataFiles({ vfs, dataDir, shard, shards, logger: silentLogger });
  return new MetadataStore(createManualClock(), files);
}

const write = (metrics: readonly string[], help = "What it is."): Uint8Array =>
  toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      metadata: metrics.map((metricFamilyName) => ({
        ...{ metricFamilyName, help, unit: "seconds", type: MetricMetadata_MetricType.COUNTER },
      })),
    }),
  );

const find = (store: MetadataStore, tenant = "a", metric = ""): readonly FamilyMetadata[] =>
  store.find({ tenant, metric, limit: -1 });

const linesOf = (vfs: Vfs, path: string): string[] =>
  new TextDecoder()
    .decode(readWhole(vfs, path))
    .split("\n")
    .filter((line) => line !== "");

describe("metadata over a restart", () => {
  test("is there again, of each tenant its own", () => {
    const vfs = createFaultyVfs();
    const before = storeOn(vfs);
    before.take("a", 1, write(["x_total", "y_total"]));
    before.take("a", 1, write(["x_total"], 'Another\n"text".'));
    before.take("b", 1, write(["z_total"]));
    const after = storeOn(vfs);
    expect(find(after)).toEqual(find(before));
    expect(find(after)).toHaveLength(3);
    expect(find(after, "b").map(({ metric }) => metric)).toEqual(["z_total"]);
  });

  test("what is known already is not written again", () => {
    const vfs = createFaultyVfs();
    storeOn(vfs).take("a", 1, write(["x_total"]));
    storeOn(vfs).take("a", 1, write(["x_total"]));
    expect(linesOf(vfs, "/data/metadata/shard-0/a.jsonl")).toHaveLength(1);
  });

  test("a torn line costs itself alone", () => {
    const vfs = createFaultyVfs();
    storeOn(vfs).take("a", 1, write(["x_total", "y_total"]));
    const path = "/data/metadata/shard-0/a.jsonl";
    const whole = readWhole(vfs, path) ?? new Uint8Array();
    replaceFile(vfs, path, whole.subarray(0, whole.length - 10));
    const store = storeOn(vfs);
    store.take("a", 1, write(["z_total"]));
    expect(find(storeOn(vfs)).map(({ metric }) => metric)).toEqual(["x_total", "z_total"]);
  });

  test("lines that are JSON of something else, and other files, are left alone", () => {
    const vfs = createFaultyVfs();
    vfs.makeDirectory("/data/metadata/shard-0");
    const other = new TextEncoder().encode('null\n7\n{"metric":"x","type":1}\n[]\n');
    replaceFile(vfs, "/data/metadata/shard-0/a.jsonl", other);
    replaceFile(vfs, "/data/metadata/shard-0/..jsonl", other);
    replaceFile(vfs, "/data/metadata/shard-0/note.txt", other);
    expect(find(storeOn(vfs))).toEqual([]);
  });

  test("the part of a shard that is no more falls to another one", () => {
    const vfs = createFaultyVfs();
    storeOn(vfs, 0, 3).take("a", 1, write(["x_total"]));
    storeOn(vfs, 2, 3).take("a", 1, write(["y_total"]));
    storeOn(vfs, 1, 2);
    expect(vfs.list("/data/metadata")).toEqual(["shard-0", "shard-2"]);
    expect(find(storeOn(vfs, 0, 2))).toHaveLength(2);
    expect(vfs.list("/data/metadata")).toEqual(["shard-0"]);
    expect(find(storeOn(vfs, 0, 2))).toHaveLength(2);
  });

  test("a disk that is full for a while loses nothing that is still known", () => {
    const vfs = createFaultyVfs();
    vfs.fault = ({ kind }) => (kind === "create" ? { error: "ENOSPC" } : undefined);
    const store = storeOn(vfs);
    store.take("a", 1, write(["x_total"]));
    expect(find(store)).toHaveLength(1);
    vfs.fault = undefined;
    store.take("a", 1, write(["y_total"]));
    expect(find(storeOn(vfs))).toHaveLength(2);
  });

  test("a file stays within a small multiple of what is known, which is bounded", () => {
    const vfs = createFaultyVfs();
    const store = storeOn(vfs);
    for (let i = 0; i < 40; i++) {
      store.take("a", 1, write(Array.from({ length: 1000 }, (_, k) => `metric_${i}_${k}`)));
    }
    expect(find(store)).toHaveLength(10_000);
    expect(find(store, "a", "metric_29_0")).toEqual([]);
    expect(find(store, "a", "metric_30_0")).toHaveLength(1);
    expect(linesOf(vfs, "/data/metadata/shard-0/a.jsonl").length).toBeLessThan(22_000);
    expect(find(storeOn(vfs))).toEqual(find(store));
  });
});
