import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  type ChunkEncoding,
  chunkEncodings,
  type CounterResetHint,
  type FloatHistogram,
} from "../../../server/model/index.ts";
import {
  chunkSamples,
  createChunkDecoder,
  encodeXor,
  encodeXor2,
  makeColumns,
  type SampleColumns,
} from "../../../server/tsdb/index.ts";
import { encodeHistograms } from "../../../server/tsdb/chunkenc/histogram-encode.ts";

/** A line of the fixture; floats are the hex of their bits. Lists that are empty are null. */
interface Fixture {
  readonly name: string;
  readonly encoding: ChunkEncoding;
  readonly bytes: string;
  readonly rows: readonly {
    readonly t: number;
    readonly st: number;
    readonly v?: string;
    readonly h?: HistogramRow;
  }[];
}

interface HistogramRow {
  readonly schema: number;
  readonly zeroThreshold: string;
  readonly zeroCount: string;
  readonly count: string;
  readonly sum: string;
  readonly pi: readonly number[] | null;
  readonly pc: readonly string[] | null;
  readonly ni: readonly number[] | null;
  readonly nc: readonly string[] | null;
  readonly custom: readonly string[] | null;
  readonly hint: CounterResetHint;
}

const folder = new URL("../../fixtures/prometheus-chunks/", import.meta.url);
const fixtures = readFileSync(new URL("chunks.jsonl", folder), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Fixture);

const decoder = createChunkDecoder();

function decoded({ encoding, bytes }: Fixture): SampleColumns {
  const columns = makeColumns(1);
  const range = { startMs: -Infinity, endMs: Infinity };
  decoder.decode({ encoding, bytes: Buffer.from(bytes, "hex") }, range, columns);
  return columns;
}

function hexOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function wordHex(columns: SampleColumns, i: number): string {
  const hex = (word: number | undefined): string => (word ?? 0).toString(16).padStart(8, "0");
  return hex(columns.words[2 * i + 1]) + hex(columns.words[2 * i]);
}

function listOf<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function histogramRow(h: FloatHistogram, isFirst: boolean): HistogramRow {
  return {
    schema: h.schema,
    zeroThreshold: hexOf(h.zeroThreshold),
    zeroCount: hexOf(h.zeroCount),
    count: hexOf(h.count),
    sum: hexOf(h.sum),
    pi: listOf(h.positive.indices),
    pc: listOf(h.positive.counts.map(hexOf)),
    ni: listOf(h.negative.indices),
    nc: listOf(h.negative.counts.map(hexOf)),
    custom: isFirst ? listOf(h.customBounds.map(hexOf)) : null,
    hint: h.hint,
  };
}

function rowsOf(columns: SampleColumns): Fixture["rows"] {
  return Array.from({ length: columns.length }, (_, i) => {
    const at = { t: columns.timesMs[i] as number, st: columns.startTimesMs?.[i] ?? 0 };
    const histogram = columns.histograms?.[i];
    if (histogram === undefined) return { ...at, v: wordHex(columns, i) };
    return { ...at, h: histogramRow(histogram, i === 0) };
  });
}

test("there are chunks of each encoding, some so long that start times reach sample 127", () => {
  const encodings = new Set(fixtures.map(({ encoding }) => encoding));
  expect(encodings).toEqual(new Set(Object.values(chunkEncodings)));
  expect(fixtures.some(({ encoding, rows }) => encoding === 4 && rows.length > 127)).toBe(true);
});

test.each(fixtures)("$name: samples are those that Prometheus reads", (fixture) => {
  const columns = decoded(fixture);
  expect(rowsOf(columns)).toEqual(fixture.rows);
  const bytes = Buffer.from(fixture.bytes, "hex");
  expect(chunkSamples({ encoding: fixture.encoding, bytes })).toBe(fixture.rows.length);
});

const floats = fixtures.filter(({ rows }) => rows.every(({ h }) => h === undefined));

test.each(floats.filter(({ encoding }) => encoding === chunkEncodings.xor))(
  "$name: the same samples become the same bytes",
  (fixture) => {
    const columns = decoded(fixture);
    const bytes = encodeXor(columns, 0, columns.length);
    expect(Buffer.from(bytes).toString("hex")).toBe(fixture.bytes);
  },
);

test.each(floats.filter(({ encoding }) => encoding === chunkEncodings.xor2))(
  "$name: the same samples become the same bytes",
  (fixture) => {
    const columns = decoded(fixture);
    const bytes = encodeXor2(columns, 0, columns.length);
    expect(Buffer.from(bytes).toString("hex")).toBe(fixture.bytes);
  },
);

/** Chunks of several samples, in which all buckets were populated in the end. */
const histograms = fixtures.filter(({ rows }) => rows.length > 5 && rows[0]?.h !== undefined);

test.each(histograms)("$name: the same histograms become the same bytes", (fixture) => {
  const columns = decoded(fixture);
  const { encoding } = fixture;
  const hasStartTimes = encoding >= chunkEncodings.histogramST;
  const isFloat =
    encoding === chunkEncodings.floatHistogram || encoding === chunkEncodings.floatHistogramST;
  const flags = Buffer.from(fixture.bytes, "hex")[hasStartTimes ? 0 : 2] as number;
  const header = (["unknown", "not-reset", "reset", "gauge"] as const)[flags >>> 6] ?? "unknown";
  const form = { isFloat, hasStartTimes };
  const bytes = encodeHistograms({ columns, from: 0, to: columns.length, form, header });
  expect(Buffer.from(bytes).toString("hex")).toBe(fixture.bytes);
});
