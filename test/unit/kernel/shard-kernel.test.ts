import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  compileKernel,
  createShardKernel,
  type KernelModule,
  type PayloadFormat,
  type Refusal,
  type Resolution,
  type ShardKernel,
  type TenantRules,
} from "../../../server/kernel/index.ts";
import { encodePayload, type TestSeries } from "../../support/kernel-payloads.ts";
import { decodeRecord } from "../../support/kernel-twin.ts";
import { type DecodedSample, decodeXor } from "../../support/xor-decoder.ts";

const baseMs = 1_700_000_000_000;
const borderMs = 1_699_999_200_000;
const rules: TenantRules = {
  seriesMax: 0,
  labelNamesMax: 30,
  labelNameSizeBytesMax: 1024,
  labelValueSizeBytesMax: 2048,
  outOfOrderWindowMs: 3_600_000,
  nativeHistogramsEnabled: true,
  nativeHistogramBucketsMax: 0,
  startTimestampsStored: false,
  floatsAsXor2: false,
};

let module: KernelModule;
let kernel: ShardKernel;
beforeAll(async () => {
  module = await compileKernel();
});
beforeEach(async () => {
  kernel = await createShardKernel({ module, hashKey: 9n });
  kernel.setChunksPosition({ file: 1, offsetBytes: 8 });
  kernel.setTenant(1, rules);
});

function resolve(payload: Uint8Array, format: PayloadFormat, offsetBytes = 0): Resolution {
  const found = kernel.resolve({
    tenant: 1,
    format,
    sizeBytes: payload.length,
    offsetBytes,
    timeMsMax: baseMs + 600_000,
    newestMs: 0,
  });
  if ("fault" in found) throw new Error(JSON.stringify(found));
  return found;
}

/** Pushes series in one go and says what was refused. */
function push(series: readonly TestSeries[], format: PayloadFormat = 1): readonly Refusal[] {
  const payload = encodePayload(format, series);
  kernel.input(payload.length).set(payload);
  const refusals: Refusal[] = [];
  for (let offsetBytes = 0; offsetBytes < payload.length; ) {
    const found = resolve(payload, format, offsetBytes);
    refusals.push(...found.refusals);
    kernel.apply();
    offsetBytes = found.nextOffsetBytes;
  }
  return refusals;
}

const one = (name: string, ...samples: [number, number][]): TestSeries => ({
  labels: [["__name__", name]],
  samples,
});

/** Samples of all open and late chunks of the tenant, by time. */
function openSamples(): DecodedSample[] {
  return kernel
    .read(kernel.postings(1, 0), -(2 ** 53), 2 ** 53)
    .flatMap((series) => series.chunks)
    .flatMap((chunk) => (chunk.bytes === undefined ? [] : decodeXor(chunk.bytes)))
    .sort((a, b) => a.timeMs - b.timeMs);
}

describe("samples", () => {
  test("keep every bit of their values, the stale marker's included", () => {
    const payload = encodePayload(1, [one("m", [baseMs, 1], [baseMs + 1, 2])]);
    const stale = 0x7ff0_0000_0000_0002n;
    const at = Buffer.from(payload).indexOf(Buffer.from("0000000000000040", "hex"));
    Buffer.from(payload.buffer, payload.byteOffset).writeBigUInt64LE(stale, at);
    kernel.input(payload.length).set(payload);
    resolve(payload, 1);
    expect(decodeRecord(kernel.record()).rows[1]?.sample.bits).toBe(stale);
    kernel.apply();
    expect(openSamples()[1]?.bits).toBe(stale);
  });

  test("more than a part holds, of one series, go on inside the message", () => {
    const samples = Array.from({ length: 20_000 }, (_, i): [number, number] => [borderMs + i, i]);
    const payload = encodePayload(1, [one("m", ...samples), one("n", [borderMs, 1])]);
    kernel.input(payload.length).set(payload);
    const rows: number[] = [];
    for (let offsetBytes = 0; offsetBytes < payload.length; ) {
      const found = resolve(payload, 1, offsetBytes);
      rows.push(found.rows);
      kernel.apply();
      offsetBytes = found.nextOffsetBytes;
    }
    expect(rows).toEqual([8192, 8192, 20_001 - 2 * 8192]);
    expect(kernel.stats(1).samplesAppended).toBe(20_001);
    const [first] = kernel.read(kernel.postings(1, 0), 0, 2 ** 53);
    expect(first?.chunks.map((chunk) => chunk.samples)).toEqual([
      ...Array.from({ length: 166 }, () => 120),
      80,
    ]);
  });

  test.each<[string, [number, number], string | undefined]>([
    ["the same again", [baseMs, 7], undefined],
    ["another value at the same time", [baseMs, 8], "sample-duplicate-timestamp"],
    ["an older one within the window", [baseMs - 1000, 1], undefined],
    ["one behind the window", [baseMs - 3_600_001, 1], "sample-timestamp-too-old"],
    ["one too far ahead", [baseMs + 600_001, 1], "too-far-in-future"],
    ["a time beyond what a number holds", [-(2 ** 60), 1], "sample-timestamp-too-old"],
  ])("%s: %j", (_, sample, kind) => {
    push([one("m", [baseMs, 7])]);
    expect(push([one("m", sample)]).map((refusal) => refusal.kind)).toEqual(
      kind === undefined ? [] : [kind],
    );
  });

  test("only in order when the window is zero", () => {
    kernel.setTenant(1, { ...rules, outOfOrderWindowMs: 0 });
    push([one("m", [baseMs, 7])]);
    expect(push([one("m", [baseMs - 1, 7])])[0]?.kind).toBe("sample-out-of-order");
    expect(push([one("new", [baseMs - 3_600_000, 7])])).toEqual([]);
    expect(push([one("old", [baseMs - 3_600_001, 7])])[0]?.kind).toBe("sample-timestamp-too-old");
    expect(kernel.stats(1).series).toBe(2);
  });

  test("an example of each refusal says where it came from", () => {
    const series = [one("m", [baseMs, 1]), one("", [baseMs, 1]), one("", [baseMs, 1])];
    const payload = encodePayload(1, series);
    kernel.input(payload.length).set(payload);
    const [refusal] = resolve(payload, 1).refusals;
    const message = encodePayload(1, series.slice(1, 2));
    expect(refusal?.samples).toBe(2);
    const from = refusal?.seriesOffsetBytes ?? 0;
    expect(payload.subarray(from, from + (refusal?.seriesSizeBytes ?? 0))).toEqual(
      message.subarray(2),
    );
    kernel.abandon();
  });
});

describe("late samples", () => {
  test("are sealed at 32, one chunk per two hours, beside the open chunk", () => {
    kernel.setTenant(1, { ...rules, outOfOrderWindowMs: 86_400_000 });
    push([one("m", [baseMs, 0])]);
    const late = Array.from({ length: 32 }, (_, i): [number, number] => [
      borderMs - 16_000 + i * 1000,
      i,
    ]);
    push([one("m", ...late.slice(0, 31))]);
    expect(kernel.outboxSizeBytes()).toBe(0);
    expect(openSamples().length).toBe(32);
    push([one("m", ...late.slice(31))]);
    const [series] = kernel.read(kernel.postings(1, 0), 0, 2 ** 53);
    expect(series?.chunks.map((chunk) => [chunk.outOfOrder, chunk.samples, chunk.file])).toEqual([
      [true, 16, 1],
      [true, 16, 1],
      [false, 1, 0],
    ]);
    expect(series?.chunks[0]?.offsetBytes).toBe(8);
    expect(series?.chunks[1]?.offsetBytes).toBe(8 + (series?.chunks[0]?.sizeBytes ?? 0) + 4);
  });
});

describe("series", () => {
  test("of an abandoned batch are not seen, and the next record defines them", () => {
    const payload = encodePayload(1, [one("m", [baseMs, 1])]);
    kernel.input(payload.length).set(payload);
    expect(resolve(payload, 1).definitions).toBe(1);
    kernel.abandon();
    expect(kernel.postings(1, 0).length).toBe(0);
    expect(kernel.exportSeries(1, 1000).section.length).toBe(16);
    expect(resolve(payload, 1).definitions).toBe(1);
    kernel.apply();
    expect([...kernel.postings(1, 0)]).toEqual([1]);
  });

  test("are the same in both formats, whatever the order of their labels", () => {
    const labels: TestSeries["labels"] = [
      ["zone", "a"],
      ["__name__", "m"],
      ["empty", ""],
    ];
    push([{ labels, samples: [[baseMs, 1]] }], 1);
    push([{ labels: [...labels].reverse(), samples: [[baseMs + 1, 1]] }], 2);
    expect(kernel.stats(1)).toMatchObject({ series: 1, pairs: 2, samplesAppended: 2 });
  });

  test("of different tenants share nothing", () => {
    kernel.setTenant(2, rules);
    push([one("m", [baseMs, 1])]);
    expect(kernel.pairs(2, 0, 10)).toEqual([]);
    expect(kernel.postings(2, 1).length).toBe(0);
    expect(kernel.postingsCount(2, 1)).toBe(0);
    expect(kernel.stats(2)).toMatchObject({ series: 0, minTimeMs: undefined });
  });

  test("stop at the tenant's limit and at the shard's, while known ones go on", async () => {
    kernel.setTenant(1, { ...rules, seriesMax: 2 });
    const all = (time: number): TestSeries[] => ["a", "b", "c"].map((name) => one(name, [time, 1]));
    const kinds = (refusals: readonly Refusal[]): unknown[] =>
      refusals.map(({ kind, samples }) => [kind, samples]);
    expect(kinds(push(all(baseMs)))).toEqual([["max-series-per-user", 1]]);
    kernel = await createShardKernel({ module, seriesMax: 1 });
    expect(kinds(push(all(baseMs)))).toEqual([["ingester-max-series", 2]]);
    expect(kinds(push(all(baseMs + 1)))).toEqual([["ingester-max-series", 2]]);
    expect(kernel.stats(1).samplesAppended).toBe(2);
    kernel = await createShardKernel({ module, seriesMemorySizeBytesMax: 0 });
    expect(kinds(push(all(baseMs)))).toEqual([["ingester-max-series", 3]]);
  });

  test("may be many in many tenants: under 2 KB each, tenants and pairs included", () => {
    const tenants = 2000;
    const payload = encodePayload(
      1,
      Array.from({ length: 50 }, (_, i) => ({
        labels: [
          ["__name__", `metric_${i % 25}`],
          ["instance", "host.example.org:9100"],
          ["job", "node"],
          ["mode", `mode-${i % 5}`],
          ["path", `/api/v1/${i}`],
        ],
        samples: [[baseMs, i]],
      })),
    );
    kernel.input(payload.length).set(payload);
    for (let tenant = 1; tenant <= tenants; tenant++) {
      kernel.resolve({
        ...{ tenant, format: 1, sizeBytes: payload.length, offsetBytes: 0 },
        ...{ timeMsMax: baseMs, newestMs: 0 },
      });
      kernel.apply();
    }
    const { series, sizeBytes } = kernel.totalStats();
    expect(series).toBe(tenants * 50);
    expect(sizeBytes / series).toBeLessThan(1000);
  });
});

describe("truncation", () => {
  test("frees series, pairs and postings, and their memory is used again", () => {
    let used = 0;
    for (let round = 0; round < 6; round++) {
      const timeMs = borderMs + round * 7_200_000;
      kernel.setTenant(1, { ...rules, outOfOrderWindowMs: 0 });
      const series = Array.from({ length: 3000 }, (_, i) => ({
        labels: [["__name__", "m"] as const, ["id", `${round}-${i}`] as const],
        samples: [[timeMs, 1]] as const,
      }));
      const payload = encodePayload(1, series);
      kernel.input(payload.length).set(payload);
      kernel.resolve({
        ...{ tenant: 1, format: 1, sizeBytes: payload.length, offsetBytes: 0 },
        ...{ timeMsMax: timeMs, newestMs: 0 },
      });
      kernel.apply();
      const visit = { tenant: 1, beforeMs: timeMs + 7_200_000, visitsMax: 700 };
      const version = kernel.pairsVersion(1);
      for (let fromRef = 1; fromRef !== 0; ) fromRef = kernel.seal({ ...visit, fromRef });
      kernel.outboxWritten(kernel.outboxSizeBytes());
      for (let fromRef = 1; fromRef !== 0; ) {
        fromRef = kernel.truncate({ ...visit, fromRef }, { file: 2, offsetBytes: 0 });
      }
      expect(kernel.stats(1)).toMatchObject({ series: 0, pairs: 0 });
      expect(kernel.pairsVersion(1)).toBeGreaterThan(version);
      if (round === 1) used = kernel.totalStats().sizeBytes;
    }
    expect(kernel.totalStats().sizeBytes).toBeLessThanOrEqual(used * 1.1);
    expect(push([one("again", [baseMs, 1])])[0]?.kind).toBe("sample-timestamp-too-old");
    const payload = encodePayload(1, [one("again", [baseMs, 1])]);
    kernel.input(payload.length).set(payload);
    kernel.resolve({
      ...{ tenant: 2, format: 1, sizeBytes: payload.length, offsetBytes: 0 },
      ...{ timeMsMax: baseMs, newestMs: 0 },
    });
    kernel.apply();
    expect([...kernel.postings(2, 0)]).toEqual([18_001]);
  });

  test("keeps chunks that were sealed behind the position", () => {
    push([one("m", [baseMs, 1])]);
    const visit = { tenant: 1, beforeMs: baseMs + 1, fromRef: 1, visitsMax: 10 };
    kernel.seal(visit);
    kernel.truncate(visit, { file: 1, offsetBytes: 8 });
    expect(kernel.stats(1).series).toBe(1);
    kernel.truncate(visit, { file: 1, offsetBytes: 9 });
    expect(kernel.stats(1).series).toBe(0);
  });
});

test("replay takes the newer definition of labels that were truncated in between", () => {
  const records: Uint8Array[] = [];
  const pushOnce = (timeMs: number): void => {
    const payload = encodePayload(1, [one("m", [timeMs, 1])]);
    kernel.input(payload.length).set(payload);
    resolve(payload, 1);
    records.push(kernel.record().slice());
    kernel.apply();
  };
  pushOnce(borderMs - 1);
  const visit = { tenant: 1, beforeMs: borderMs, fromRef: 1, visitsMax: 10 };
  kernel.seal(visit);
  kernel.truncate(visit, { file: 2, offsetBytes: 0 });
  pushOnce(baseMs);
  expect(records.map((record) => decodeRecord(record).definitions[0]?.ref)).toEqual([1, 2]);
  return createShardKernel({ module }).then((copy) => {
    copy.setChunksPosition({ file: 1, offsetBytes: 0 });
    for (const record of records) {
      copy.input(record.length).set(record);
      expect(copy.replay(record.length, 0, 0)).toBeUndefined();
    }
    expect([...copy.postings(1, 0)]).toEqual([2]);
    expect([...copy.postings(1, 1)]).toEqual([2]);
    const [series] = copy.read(copy.postings(1, 0), 0, 2 ** 53);
    expect(series?.chunks.map((chunk) => chunk.minTimeMs)).toEqual([borderMs - 1, baseMs]);
    expect(copy.replayRowsUnknown()).toBe(0);
  });
});

test("filter takes more conditions than a mark has bits", () => {
  const labels = Array.from({ length: 28 }, (_, i) => [`l${i}`, "v"] as const);
  push([
    { labels: [["__name__", "all"], ...labels], samples: [[baseMs, 1]] },
    { labels: [["__name__", "few"], ...labels.slice(0, 20)], samples: [[baseMs, 1]] },
  ]);
  const conditions = kernel
    .pairs(1, 0, 100)
    .filter(({ name }) => Buffer.from(name).toString() !== "__name__")
    .map(({ id }) => ({ pairIds: Uint32Array.of(id), present: true }));
  const twice = [...conditions, ...conditions];
  expect([...kernel.filter(Uint32Array.of(1, 2, 99), twice)]).toEqual([1]);
  expect([...kernel.filter(Uint32Array.of(2, 1), [])]).toEqual([2, 1]);
});
