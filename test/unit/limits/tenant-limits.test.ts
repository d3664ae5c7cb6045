import { expect, test } from "vitest";
import {
  limitKeys,
  multitenantDefaults,
  singleProcessDefaults,
} from "../../../server/limits/tenant-limits.ts";

test("many tenants have Mimir's defaults", () => {
  expect(multitenantDefaults).toMatchObject({
    ingestionRate: 10_000,
    ingestionBurst: 200_000,
    seriesMax: 150_000,
    labelNamesMax: 30,
    labelNameSizeBytesMax: 1024,
    labelValueSizeBytesMax: 2048,
    futureGraceMs: 600_000,
    outOfOrderWindowMs: 0,
    exemplarsMax: 0,
    chunksPerQueryMax: 2_000_000,
    writeMessageSizeBytesMax: 104_857_600,
  });
});

test("one process for one owner is free but for labels, exemplars and query memory", () => {
  expect(singleProcessDefaults({ memorySizeBytes: 1001 })).toMatchObject({
    requestRate: 0,
    ingestionRate: 0,
    seriesMax: 0,
    seriesPerQueryMax: 0,
    chunksPerQueryMax: 0,
    exemplarsMax: 100_000,
    labelNamesMax: 60,
    outOfOrderWindowMs: 7_200_000,
    queryMemorySizeBytesMax: 250,
  });
});

test("every limit has a name of its own in files", () => {
  expect(Object.keys(limitKeys).sort()).toEqual(Object.keys(multitenantDefaults).sort());
  const keys = Object.values(limitKeys).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});
