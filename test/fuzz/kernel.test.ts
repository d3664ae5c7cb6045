import { beforeAll, describe, expect, test } from "vitest";
import {
  createFrontKernel,
  createShardKernel,
  type FrontKernel,
  type PayloadFormat,
  type Region,
  type ShardKernel,
} from "../../server/kernel/index.ts";
import { readPayload } from "../../server/kernel/model-payload.ts";
import { type Prng, seededPrng } from "../../server/platform/base/index.ts";
import { encodePayload, type TestHistogram, type TestSeries } from "../support/kernel-payloads.ts";
import { histogramOf } from "../support/native-histograms.ts";

/** The kernel under hostile input: it never traps, and what it refuses costs no memory. */

const rounds = Number(process.env["FUZZ_ROUNDS"] ?? 3000);
const seed = Number(process.env["FUZZ_SEED"] ?? 20_261);
const baseMs = 1_700_000_000_000;

let front: FrontKernel;
let shard: ShardKernel;
beforeAll(async () => {
  front = await createFrontKernel({ memorySizeBytesMax: 256 << 20 });
  shard = await createShardKernel({ hashKey: 1n });
  shard.setChunksPosition({ file: 1, offsetBytes: 0 });
  const rules = {
    labelNamesMax: 30,
    labelNameSizeBytesMax: 1024,
    labelValueSizeBytesMax: 2048,
    outOfOrderWindowMs: 7_200_000,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    startTimestampsStored: false,
    floatsAsXor2: false,
  };
  shard.setTenant(1, { ...rules, seriesMax: 500 });
  shard.setTenant(2, { ...rules, seriesMax: 0 });
});

function randomSeries(prng: Prng): TestSeries {
  const labels = Array.from({ length: prng.below(5) }, (): [string, string] => [
    ["__name__", "a", "job", "é"][prng.below(4)] as string,
    "x".repeat(prng.below(prng.below(10) === 0 ? 300 : 4)),
  ]);
  const samples = Array.from({ length: prng.below(4) }, (): [number, number] => [
    baseMs + prng.below(1000) * 1000,
    prng.next(),
  ]);
  const histograms = Array.from({ length: prng.below(3) }, () => randomHistogram(prng));
  return { labels: [["__name__", "m"], ...labels], samples, histograms };
}

function randomHistogram(prng: Prng): TestHistogram {
  const counts = (length: number): number[] => Array.from({ length }, () => prng.below(9));
  const bounds = prng.below(3) === 0 ? [0.1, 1, 10] : [];
  const positive = [{ offset: prng.below(4), counts: counts(prng.below(3)) }];
  return histogramOf({
    timeMs: baseMs + prng.below(1000) * 1000,
    isFloat: prng.below(2) === 0,
    schema: bounds.length > 0 ? -53 : prng.below(4),
    bounds,
    positive: bounds.length > 0 ? [{ offset: 0, counts: counts(3) }] : positive,
    negative: bounds.length > 0 ? [] : positive,
  });
}

/** Changes, drops, repeats or inserts some bytes. */
function mutate(bytes: Uint8Array, prng: Prng): Uint8Array {
  let mutant = Buffer.from(bytes);
  for (let i = prng.below(4); i >= 0; i--) {
    const at = prng.below(mutant.length + 1);
    const to = Math.min(mutant.length, at + prng.below(20));
    const middle = [
      Buffer.of(prng.below(256)),
      Buffer.of(0xff, 0xff, 0xff, 0xff, prng.below(128)),
      Buffer.alloc(0),
      Buffer.concat([mutant.subarray(at, to), mutant.subarray(at, to)]),
    ][prng.below(4)] as Buffer;
    mutant = Buffer.concat([mutant.subarray(0, at), middle, mutant.subarray(to)]);
  }
  return mutant;
}

function lend(bytes: Uint8Array): Region {
  const region = front.allocate(bytes.length);
  if (region === undefined) throw new Error("no memory");
  region.bytes.set(bytes);
  return region;
}

/** Resolves, applies and reads back whatever a payload is. */
function push(format: PayloadFormat, payload: Uint8Array): { faulty: boolean; parts: number } {
  let parts = 0;
  shard.input(payload.length).set(payload);
  for (let offsetBytes = 0; offsetBytes < payload.length; ) {
    const found = shard.resolve({
      tenant: 1,
      format,
      sizeBytes: payload.length,
      offsetBytes,
      timeMsMax: baseMs + 10_000_000,
      newestMs: 0,
    });
    if ("fault" in found) return { faulty: true, parts };
    shard.record();
    shard.apply();
    expect(found.nextOffsetBytes).toBeGreaterThan(offsetBytes);
    offsetBytes = found.nextOffsetBytes;
    parts++;
  }
  return { faulty: false, parts };
}

describe.each([1, 2] as const)("mutated payloads of remote write %i.0", (format) => {
  test("are told from valid ones by scan, resolve and a plain reader alike", () => {
    const prng = seededPrng(seed + format);
    for (let round = 0; round < rounds; round++) {
      const valid = encodePayload(
        format,
        Array.from({ length: 3 }, () => randomSeries(prng)),
      );
      const payload = mutate(valid, prng);
      const region = lend(payload);
      const scanned = front.scan(format, region);
      const messages = readPayload(format, payload);
      if (messages === undefined) expect("fault" in scanned).toBe(true);
      const pushed = push(format, payload);
      if (!("fault" in scanned)) expect(pushed.faulty).toBe(false);
      if (!("fault" in scanned)) {
        expect(scanned.series).toBe(messages?.length);
        const parts = front.split(format, region, "t", 3) ?? [];
        for (const part of parts) {
          if (part === undefined) continue;
          expect("fault" in front.scan(format, part)).toBe(false);
          front.release(part);
        }
      }
      front.release(region);
    }
    const refs = shard.postings(1, 0);
    expect(shard.read(refs, -(2 ** 53), 2 ** 53).length).toBe(refs.length);
    expect(refs.length).toBeLessThanOrEqual(500);
  });
});

test("mutated snappy blocks never write outside their target", () => {
  const prng = seededPrng(seed);
  const guard = lend(new Uint8Array(4000).fill(0xa5));
  for (let round = 0; round < rounds; round++) {
    const size = prng.below(300);
    const block = mutate(randomBlock(size, prng), prng);
    const declared = front.uncompressedSize(block) ?? 0;
    const source = lend(block);
    const target = lend(new Uint8Array(Math.min(declared, 5000)));
    const after = lend(new Uint8Array(4000).fill(0xa5));
    front.uncompress(source, block.length, target);
    expect(after.bytes.every((byte) => byte === 0xa5)).toBe(true);
    for (const region of [source, target, after]) front.release(region);
  }
  expect(guard.bytes.every((byte) => byte === 0xa5)).toBe(true);
});

/** A block of literals and copies, valid until it is mutated. */
function randomBlock(size: number, prng: Prng): Uint8Array {
  const parts: Buffer[] = [Buffer.of((size & 0x7f) | 0x80, size >> 7)];
  for (let made = 0; made < size; ) {
    if (made > 0 && prng.below(2) === 0) {
      const length = Math.min(size - made, 1 + prng.below(64));
      const offset = 1 + prng.below(made);
      parts.push(Buffer.of(((length - 1) << 2) | 2, offset & 0xff, offset >> 8));
      made += length;
    } else {
      const length = Math.min(size - made, 1 + prng.below(60));
      parts.push(Buffer.of((length - 1) << 2), Buffer.alloc(length, prng.below(256)));
      made += length;
    }
  }
  return Buffer.concat(parts);
}

test("a block that declares 4 GB is refused by its size alone", () => {
  const bomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61);
  expect(front.allocate(front.uncompressedSize(bomb) ?? 0)).toBeUndefined();
});

describe("large and odd series", () => {
  const sample: readonly (readonly [number, number])[] = [[baseMs + 999_000, 1]];
  const name = ["__name__", "odd"] as const;
  const many = (count: number): [string, string][] =>
    Array.from({ length: count }, (_, i) => [`l${i}`, "v"]);

  test.each<[string, TestSeries["labels"], string]>([
    ["10,000 labels", [name, ...many(10_000)], "max-label-names-per-series"],
    ["10,000 labels in reverse", [...many(10_000), name].reverse(), "max-label-names-per-series"],
    ["a value of 64 KB", [name, ["a", "v".repeat(65_536)]], "label-value-too-long"],
    ["a name of 64 KB", [name, ["n".repeat(65_536), "v"]], "label-name-too-long"],
    ["a label twice", [name, ["a", "1"], ["a", "2"]], "duplicate-label-names"],
    ["no metric name", [["a", "1"]], "missing-metric-name"],
  ])("%s are refused, cost no memory and leave the neighbour", (_, labels, kind) => {
    for (const format of [1, 2] as const) {
      const before = shard.totalStats();
      const neighbour = { labels: [name, ["f", String(format)]] as const, samples: sample };
      const payload = encodePayload(format, [{ labels, samples: sample }, neighbour]);
      shard.input(payload.length).set(payload);
      const grown = shard.totalStats().sizeBytes;
      const found = shard.resolve({
        tenant: 2,
        format,
        sizeBytes: payload.length,
        offsetBytes: 0,
        timeMsMax: baseMs + 10_000_000,
        newestMs: 0,
      });
      if ("fault" in found) throw new Error(found.fault);
      expect(found.refusals.map((refusal) => [refusal.kind, refusal.samples])).toEqual([[kind, 1]]);
      shard.apply();
      const after = shard.totalStats();
      expect(after.series - before.series).toBeLessThanOrEqual(1);
      expect(after.sizeBytes - grown).toBeLessThanOrEqual(1 << 20);
    }
  });

  test("labels that repeat a long symbol do not multiply in memory", async () => {
    const kernel = await createShardKernel({ hashKey: 1n });
    const value = "v".repeat(30_000);
    const labels = Array.from({ length: 4000 }, (_, i): [string, string] => [`l${i}`, value]);
    const payload = encodePayload(2, [{ labels: [name, ...labels], samples: sample }]);
    kernel.input(payload.length).set(payload);
    const before = kernel.totalStats().sizeBytes;
    const found = kernel.resolve({
      tenant: 1,
      format: 2,
      sizeBytes: payload.length,
      offsetBytes: 0,
      timeMsMax: baseMs + 10_000_000,
      newestMs: 0,
    });
    expect("fault" in found ? found.fault : found.refusals[0]?.kind).toBe("label-value-too-long");
    expect(kernel.totalStats().sizeBytes - before).toBeLessThan(2 << 20);
  });
});

test("mutated log records and snapshot sections are refused or taken, and never trap", async () => {
  const prng = seededPrng(seed);
  const valid = encodePayload(
    1,
    Array.from({ length: 8 }, () => randomSeries(prng)),
  );
  const rules = {
    seriesMax: 0,
    labelNamesMax: 30,
    labelNameSizeBytesMax: 1024,
    labelValueSizeBytesMax: 2048,
    outOfOrderWindowMs: 7_200_000,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    startTimestampsStored: seed % 2 === 1,
    floatsAsXor2: false,
  };
  const source = await createShardKernel({ hashKey: 1n });
  source.setChunksPosition({ file: 1, offsetBytes: 0 });
  source.setTenant(3, rules);
  source.input(valid.length).set(valid);
  const batch = { tenant: 3, format: 1 as const, sizeBytes: valid.length, offsetBytes: 0 };
  source.resolve({ ...batch, timeMsMax: baseMs + 10_000_000, newestMs: 0 });
  const record = source.record().slice();
  source.apply();
  const pairs = source.exportPairs(1, 1 << 20).section.slice();
  const series = source.exportSeries(1, 1 << 20).section.slice();
  for (let round = 0; round < rounds / 20; round++) {
    const kernel = await createShardKernel({ hashKey: 1n });
    kernel.setChunksPosition({ file: 1, offsetBytes: 0 });
    kernel.setTenant(3, { ...rules, startTimestampsStored: round % 2 === 0 });
    const give = (bytes: Uint8Array): number => {
      kernel.input(bytes.length).set(bytes);
      return bytes.length;
    };
    const before = kernel.stats(3);
    if (kernel.replay(give(mutate(record, prng)), 0, 0) !== undefined) {
      expect(kernel.stats(3)).toEqual(before);
    }
    kernel.importPairs(give(round % 2 === 0 ? pairs : mutate(pairs, prng)));
    kernel.importSeries(give(mutate(series, prng)));
    kernel.input(valid.length).set(valid);
    if (!("fault" in kernel.resolve({ ...batch, timeMsMax: baseMs + 10_000_000, newestMs: 0 }))) {
      kernel.apply();
    }
    kernel.histogramMessages(mutate(series, prng), 2 + (round % 5));
    kernel.read(kernel.postings(3, 0), -(2 ** 53), 2 ** 53);
  }
});
