import { randomBytes } from "node:crypto";
import snappyjs from "snappyjs";
import { beforeAll, describe, expect, test } from "vitest";
import xxhash from "xxhash-wasm";
import {
  createFrontKernel,
  type FrontKernel,
  type PayloadFormat,
  type Region,
} from "../../../server/kernel/index.ts";
import { readPayload } from "../../../server/kernel/model-payload.ts";
import { encodePayload, type TestSeries } from "../../support/kernel-payloads.ts";
import { histogramOf } from "../../support/native-histograms.ts";

let kernel: FrontKernel;
beforeAll(async () => {
  kernel = await createFrontKernel({ memorySizeBytesMax: 64 << 20 });
});

function lend(bytes: Uint8Array): Region {
  const region = kernel.allocate(bytes.length);
  if (region === undefined) throw new Error("no memory");
  region.bytes.set(bytes);
  return region;
}

describe("regions", () => {
  test("are bounded, reused and stay valid while the memory grows", () => {
    const first = lend(Uint8Array.of(1, 2, 3));
    const regions: Region[] = [];
    for (;;) {
      const region = kernel.allocate(1 << 20);
      if (region === undefined) break;
      region.bytes.fill(regions.length + 7);
      regions.push(region);
    }
    expect(regions.length).toBeGreaterThan(50);
    expect(regions.length).toBeLessThan(64);
    expect([...first.bytes]).toEqual([1, 2, 3]);
    expect(regions.every((region, i) => region.bytes[1 << 19] === i + 7)).toBe(true);
    for (const region of regions) kernel.release(region);
    const large = kernel.allocate(50 << 20);
    expect(large?.bytes.length).toBe(50 << 20);
    if (large !== undefined) kernel.release(large);
    kernel.release(first);
  });

  test("a region given back twice is a bug that is told", () => {
    const region = lend(Uint8Array.of(1));
    kernel.release(region);
    expect(() => kernel.release(region)).toThrow(/not lent/);
  });

  test("sizes that no memory has are refused", () => {
    expect(kernel.allocate(2 ** 33)).toBeUndefined();
  });
});

describe("snappy", () => {
  const text = Buffer.from("the life of a sample ".repeat(400));
  const repeated = (pattern: string): Buffer => Buffer.from(pattern.repeat(3000 / pattern.length));
  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["one byte", Uint8Array.of(7)],
    ["text", text],
    ["noise", randomBytes(100_000)],
    ["zeros", new Uint8Array(200_000)],
    ...[2, 3, 5, 7, 9, 11, 13, 15, 17, 31].map((n): [string, Uint8Array] => [
      `a pattern of ${n} bytes`,
      repeated(randomBytes(n).toString("latin1")),
    ]),
  ])("%s comes back as it was", (_, bytes) => {
    const compressed = new Uint8Array(snappyjs.compress(bytes));
    expect(kernel.uncompressedSize(compressed)).toBe(bytes.length);
    const source = lend(compressed);
    const target = lend(new Uint8Array(bytes.length));
    expect(kernel.uncompress(source, compressed.length, target)).toBe(true);
    expect(Buffer.compare(target.bytes, bytes)).toBe(0);
    kernel.release(source);
    kernel.release(target);
  });

  test("a declared size is read without believing it", () => {
    expect(kernel.uncompressedSize(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f))).toBe(0xffffffff);
    expect(kernel.uncompressedSize(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f))).toBeUndefined();
    expect(kernel.uncompressedSize(Uint8Array.of(0x80))).toBeUndefined();
    expect(kernel.uncompressedSize(new Uint8Array(0))).toBeUndefined();
  });

  test.each<[string, number[], number]>([
    ["a copy from before the start", [4, 0x01, 0x05], 4],
    ["a copy of offset zero", [5, 0x00, 0x61, 0x01, 0x00], 5],
    ["a literal that is cut off", [8, 0x1c, 0x61], 8],
    ["less than was declared", [8, 0x00, 0x61], 8],
    ["more than was declared", [1, 0x04, 0x61, 0x62], 1],
    ["a literal of 2^32 bytes", [1, 0xfc, 0xff, 0xff, 0xff, 0xff], 1],
    ["another size than the target's", [2, 0x04, 0x61, 0x62], 3],
  ])("%s is malformed", (_, block, size) => {
    const source = lend(Uint8Array.from(block));
    const target = lend(new Uint8Array(size));
    expect(kernel.uncompress(source, block.length, target)).toBe(false);
    kernel.release(source);
    kernel.release(target);
  });
});

const some: readonly TestSeries[] = Array.from({ length: 40 }, (_, i) => ({
  labels: [
    ["__name__", "up"],
    ["instance", `host-${i}`],
    ["job", i % 2 === 0 ? "a" : "b"],
  ],
  samples: [
    [1_700_000_000_000, i],
    [1_700_000_015_000, 0],
  ],
  histograms: i % 10 === 0 ? [histogramOf({ timeMs: 1 })] : [],
}));

describe.each([1, 2] as const)("payloads of remote write %i.0", (format: PayloadFormat) => {
  test("are counted", () => {
    const region = lend(encodePayload(format, some));
    const counts = { series: 40, samples: 80, histograms: 4, exemplars: 0, metadata: 0 };
    expect(kernel.scan(format, region)).toEqual(counts);
    kernel.release(region);
  });

  test("cut off anywhere are faulty, or end between two fields", () => {
    const payload = encodePayload(format, some.slice(0, 2));
    for (let size = 0; size < payload.length; size++) {
      const region = lend(payload.subarray(0, size));
      const isFault = "fault" in kernel.scan(format, region);
      expect(isFault).toBe(readPayload(format, payload.subarray(0, size)) === undefined);
      kernel.release(region);
    }
  });

  test.each([1, 2, 3, 16])("are cut for %i shards by the placement hash", async (shards) => {
    const shuffled = some.map((one, i) => ({
      ...one,
      labels: i % 3 === 0 ? [...one.labels].reverse() : [...one.labels, ["empty", ""] as const],
    }));
    const region = lend(encodePayload(format, shuffled));
    const parts = kernel.split(format, region, "tenant-1", shards) ?? [];
    expect(parts.length).toBe(shards);
    const place = await placementOracle("tenant-1");
    const expected = Array.from({ length: shards }, (): string[] => []);
    for (const { labels } of some) {
      const shard = Number(((place(labels) >> 32n) * BigInt(shards)) >> 32n);
      expected[shard]?.push(labels[1]?.[1] ?? "");
    }
    const found = parts.map((part) => {
      if (part === undefined) return [];
      expect("fault" in kernel.scan(format, part)).toBe(false);
      const messages = readPayload(format, part.bytes) ?? [];
      return messages.map((message) => {
        const label = message.labels.find(([name]) => Buffer.from(name).toString() === "instance");
        return Buffer.from(label?.[1] ?? []).toString();
      });
    });
    expect(found).toEqual(expected);
    for (const part of [region, ...parts]) if (part !== undefined) kernel.release(part);
  });
});

/** The placement hash as server/kernel/README.md defines it. */
async function placementOracle(
  tenant: string,
): Promise<(labels: readonly (readonly [string, string])[]) => bigint> {
  const { h64 } = await xxhash();
  const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
  const fold = (running: bigint, next: bigint): bigint => {
    const mixed = running ^ wrap(next * 0xc2b2ae3d27d4eb4fn);
    const rotated = wrap((mixed << 31n) | (mixed >> 33n));
    return wrap(rotated * 0x9e3779b185ebca87n + 0x85ebca77c2b2ae63n);
  };
  return (labels) => {
    const texts = [...labels].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
    return texts.reduce((running, text) => fold(running, h64(text)), h64(tenant));
  };
}

test("the placement hash has its published test vectors", async () => {
  const labels = [
    ["__name__", "up"],
    ["instance", "host-1"],
  ] as const;
  const place = await placementOracle("anonymous");
  expect([place([]), place(labels.slice(0, 1)), place(labels)].map((h) => h.toString(16))).toEqual(
    placementVectors,
  );
});

/** Of no labels, {__name__="up"} and {__name__="up", instance="host-1"} of tenant "anonymous". */
const placementVectors: readonly string[] = [
  "ab5bc715eb8a01d4",
  "c377143a7fac9b27",
  "c4b2e9ebee914c40",
];
