import { beforeEach, describe, expect, test } from "vitest";
import {
  compileKernel,
  createShardKernel,
  type ShardKernel,
} from "../../../../server/kernel/index.ts";
import type { FloatHistogram } from "../../../../server/model/index.ts";
import { createChunkDecoder, knownEncoding, makeColumns } from "../../../../server/tsdb/index.ts";
import {
  encodePayload,
  type TestHistogram,
  type TestSeries,
} from "../../../support/kernel-payloads.ts";
import { histogramOf, staleHistogram } from "../../../support/native-histograms.ts";

const baseMs = 1_700_000_000_000;
const everything = { startMs: -1e15, endMs: 1e15 };
const module = await compileKernel();
let kernel: ShardKernel;

async function makeKernel(): Promise<ShardKernel> {
  const made = await createShardKernel({ module, hashKey: 9n });
  made.setChunksPosition({ file: 1, offsetBytes: 0 });
  made.setTenant(1, {
    seriesMax: 0,
    labelNamesMax: 30,
    labelNameSizeBytesMax: 1024,
    labelValueSizeBytesMax: 2048,
    outOfOrderWindowMs: 3_600_000,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    startTimestampsStored: false,
    floatsAsXor2: false,
  });
  return made;
}

beforeEach(async () => {
  kernel = await makeKernel();
});

interface Pushed {
  readonly parts: number;
  readonly histograms: number;
  readonly refused: readonly string[];
}

function pushPayload(to: ShardKernel, payload: Uint8Array): Pushed {
  to.input(payload.length).set(payload);
  const refused: string[] = [];
  let [parts, histograms] = [0, 0];
  for (let offsetBytes = 0; offsetBytes < payload.length; parts++) {
    const found = to.resolve({
      tenant: 1,
      format: 1,
      sizeBytes: payload.length,
      offsetBytes,
      timeMsMax: baseMs + 100_000_000,
      newestMs: 0,
    });
    if ("fault" in found) throw new Error(found.fault);
    refused.push(...found.refusals.map(({ kind }) => kind));
    histograms += found.histograms;
    to.record();
    to.apply();
    offsetBytes = found.nextOffsetBytes;
  }
  return { parts, histograms, refused };
}

const push = (histograms: readonly TestHistogram[], more: Partial<TestSeries> = {}): Pushed =>
  pushPayload(
    kernel,
    encodePayload(1, [{ labels: [["__name__", "h"]], samples: [], histograms, ...more }]),
  );

/** Chunks of the only series with their bytes, those from the outbox included. */
function chunks(of: ShardKernel = kernel): { encoding: number; bytes: Uint8Array }[] {
  const parts: Uint8Array[] = [];
  while (of.outboxSizeBytes() > 0) {
    const part = of.outbox().slice();
    parts.push(part);
    of.outboxWritten(part.length);
  }
  const file = Buffer.concat(parts);
  const [series] = of.read(of.postings(1, 0), everything.startMs, everything.endMs);
  return (series?.chunks ?? []).map(({ encoding, bytes, offsetBytes, sizeBytes }) => ({
    encoding,
    bytes: bytes ?? file.subarray(offsetBytes, offsetBytes + sizeBytes),
  }));
}

/** Everything that a decoder of Prometheus's formats finds in the chunks. */
function decoded(): { timesMs: number[]; histograms: (FloatHistogram | undefined)[] } {
  const columns = makeColumns(16);
  for (const { encoding, bytes } of chunks()) {
    const known = knownEncoding(encoding);
    if (known === undefined) throw new Error(`encoding ${encoding}`);
    createChunkDecoder().decode({ encoding: known, bytes }, everything, columns);
  }
  const { timesMs, length, histograms = [] } = columns;
  return {
    timesMs: [...timesMs.subarray(0, length)],
    histograms: Array.from({ length }, (_, i) => histograms[i]),
  };
}

const rising = (i: number, isFloat: boolean): TestHistogram =>
  histogramOf({
    timeMs: baseMs + i * 1000,
    isFloat,
    schema: 3,
    zeroThreshold: 0.001,
    zeroCount: i,
    positive: [
      { offset: -2, counts: [i, 2 * i + 1] },
      { offset: 3, counts: [i * i] },
    ],
    negative: [{ offset: 1, counts: [7 * i] }],
    sum: i / 3,
  });

describe.each([
  ["integers", false],
  ["floats", true],
] as const)("histograms of %s", (_, isFloat) => {
  test("are read back by a decoder as they were sent", () => {
    expect(push(Array.from({ length: 40 }, (__, i) => rising(i + 1, isFloat))).histograms).toBe(40);
    const { timesMs, histograms } = decoded();
    expect(timesMs).toEqual(Array.from({ length: 40 }, (__, i) => baseMs + (i + 1) * 1000));
    expect(histograms[9]).toMatchObject({
      schema: 3,
      zeroThreshold: 0.001,
      zeroCount: 10,
      count: 10 + 10 + 21 + 100 + 70,
      sum: 10 / 3,
      positive: { indices: [-2, -1, 3], counts: [10, 21, 100] },
      negative: { indices: [1], counts: [70] },
      hint: "not-reset",
    });
  });

  test("with bounds of their own too, and a staleness marker ends them", () => {
    const bounds = [0.005, 1 / 3, 50_000];
    const custom = (i: number): TestHistogram =>
      histogramOf({
        timeMs: baseMs + i,
        isFloat,
        schema: -53,
        bounds,
        positive: [{ offset: 0, counts: [i, 2 * i, 0, 5] }],
      });
    push([custom(1), custom(2), staleHistogram(baseMs + 3, isFloat), custom(4)]);
    const { timesMs, histograms } = decoded();
    expect(timesMs.map((timeMs) => timeMs - baseMs)).toEqual([1, 2, 3, 4]);
    expect(histograms.map((h) => h?.count)).toEqual([8, 11, undefined, 17]);
    expect(histograms[3]?.customBounds).toEqual(bounds);
    expect(chunks()).toHaveLength(2);
  });

  test("become messages that make the same chunks in another kernel", async () => {
    const gauge = (i: number): TestHistogram =>
      histogramOf({
        timeMs: baseMs + i,
        isFloat,
        hint: 3,
        positive: [{ offset: 0, counts: [i % 3] }],
      });
    const reset = rising(90, isFloat);
    push([
      ...Array.from({ length: 20 }, (__, i) => rising(i + 50, isFloat)),
      { ...rising(1, isFloat), timestamp: (reset.timestamp ?? 0n) + 1n },
      staleHistogram(baseMs + 95_000, isFloat),
      ...Array.from({ length: 5 }, (__, i) => gauge(i + 100_000)),
    ]);
    const sent = chunks();
    const messages = sent.flatMap(({ encoding, bytes }) => {
      const found = kernel.histogramMessages(bytes, encoding);
      if (found === undefined) throw new Error("no chunk of histograms");
      return found;
    });
    expect(messages).toHaveLength(27);
    const other = await makeKernel();
    pushPayload(other, payloadOf(messages.map(({ message }) => message)));
    expect(chunks(other)).toEqual(sent);
  });
});

/** A payload with the labels of `push` and these messages. */
function payloadOf(messages: readonly Uint8Array[]): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Buffer => {
    const size: number[] = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      if (rest < 0x80) {
        size.push(rest);
        break;
      }
      size.push((rest & 0x7f) | 0x80);
    }
    return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
  };
  const label = Buffer.concat([
    field(0x0a, Buffer.from("__name__")),
    field(0x12, Buffer.from("h")),
  ]);
  const series = [field(0x0a, label), ...messages.map((message) => field(0x22, message))];
  return field(0x0a, Buffer.concat(series));
}

test("bytes that are no chunk of histograms give no messages", () => {
  push([rising(1, false)]);
  const [chunk] = chunks() as [{ encoding: number; bytes: Uint8Array }];
  expect(kernel.histogramMessages(chunk.bytes, 1)).toBeUndefined();
  expect(kernel.histogramMessages(chunk.bytes.subarray(0, 20), 2)).toBeUndefined();
  expect(kernel.histogramMessages(new Uint8Array(2), 2)).toBeUndefined();
});

test("a series has floats and histograms in turn, each in chunks of its own", () => {
  const labels = [["__name__", "h"]] as const;
  const float = (timeMs: number): void => {
    pushPayload(kernel, encodePayload(1, [{ labels, samples: [[timeMs, 1]] }]));
  };
  float(baseMs);
  push([rising(1, false), rising(2, false), rising(3, true)]);
  float(baseMs + 10_000);
  float(baseMs + 11_000);
  push([rising(12, false)]);
  expect(chunks().map(({ encoding }) => encoding)).toEqual([1, 2, 3, 1, 2]);
  expect(push([rising(12, true)]).refused).toEqual(["sample-duplicate-timestamp"]);
  expect(push([rising(10, false)]).histograms).toBe(1);
  expect(chunks().at(-1)).toMatchObject({ encoding: 2 });
});

describe("large histograms", () => {
  const wide = (timeMs: number, buckets: number): TestHistogram =>
    histogramOf({
      timeMs,
      positive: [
        { offset: 0, counts: Array.from({ length: buckets }, (_, i) => (i * 7919) % 5000) },
      ],
    });

  test("up to 3598 buckets are taken, and their chunks stay below 60 KiB", () => {
    const many = Array.from({ length: 30 }, (_, i) => wide(baseMs + i, 3598));
    expect(push(many)).toMatchObject({ histograms: 30, refused: [] });
    expect(decoded().histograms.map((h) => h?.positive.counts.length)).toHaveLength(30);
    expect(Math.max(...chunks().map(({ bytes }) => bytes.length))).toBeLessThan(61_440);
    expect(push([wide(baseMs + 99, 3599)]).refused).toEqual(["max-native-histogram-buckets"]);
  });

  test("end a part of a batch before memory could", () => {
    const series = Array.from(
      { length: 100 },
      (_, i): TestSeries => ({
        labels: [
          ["__name__", "h"],
          ["i", String(i)],
        ],
        samples: [],
        histograms: [wide(baseMs, 3000)],
      }),
    );
    const { parts, histograms } = pushPayload(kernel, encodePayload(1, series));
    expect(histograms).toBe(100);
    expect(parts).toBeGreaterThan(1);
  });

  test("end a part of a batch too when late samples are looked for in them", () => {
    push(Array.from({ length: 10 }, (_, i) => wide(baseMs + i * 1000, 3000)));
    const late: TestSeries = {
      labels: [["__name__", "h"]],
      samples: Array.from({ length: 900 }, (_, i) => [baseMs + 8001 + i, i]),
    };
    const { parts, refused } = pushPayload(kernel, encodePayload(1, [late]));
    expect(parts).toBeGreaterThan(1);
    expect(refused).toEqual([]);
  });

  test("cost as many bytes as they have when they only claim more", () => {
    const before = kernel.totalStats().sizeBytes;
    const claim = {
      ...histogramOf({ timeMs: baseMs }),
      positiveSpans: [{ offset: 0, length: 0xffff_ffff }],
    };
    expect(push([claim]).refused).toEqual(["native-histogram-spans-buckets-mismatch"]);
    expect(kernel.totalStats().sizeBytes - before).toBeLessThan(1 << 20);
  });
});
