import { expect } from "vitest";
import {
  type HeadChunk,
  type PayloadFormat,
  type RefusalKind,
  type ShardKernel,
  type TenantRules,
} from "../../server/kernel/index.ts";
import { ModelKernel } from "../../server/kernel/model.ts";
import { readModelHistogram } from "../../server/kernel/model-histogram.ts";
import { encodeModelChunk } from "../../server/kernel/model-histogram-chunk.ts";
import type { ModelSample } from "../../server/kernel/model-payload.ts";
import {
  histogramsOf,
  type ModelChunk,
  type ModelSeries,
} from "../../server/kernel/model-series.ts";
import { crc32c } from "../../server/platform/encoding/index.ts";
import { defined } from "../../server/platform/base/index.ts";
import {
  createChunkDecoder,
  encodeXor2,
  knownEncoding,
  makeColumns,
} from "../../server/tsdb/index.ts";
import { decodeXor } from "./xor-decoder.ts";

/** What a log record says, decoded. */
export interface TestRecord {
  readonly tenant: number;
  readonly definitions: readonly {
    readonly ref: number;
    readonly labels: readonly (readonly [string, string])[];
  }[];
  readonly rows: readonly { readonly ref: number; readonly sample: ModelSample }[];
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Decodes the body of a log record. */
export function decodeRecord(body: Uint8Array): TestRecord {
  const view = Buffer.from(body);
  const definitions: { ref: number; labels: [string, string][] }[] = [];
  let at = 12;
  for (let i = 0; i < view.readUInt32LE(4); i++) {
    const end = at + 8 + view.readUInt32LE(at + 4);
    const labels: [string, string][] = [];
    const ref = view.readUInt32LE(at);
    at += 8;
    while (at < end) {
      const body = varint(view, at + 1);
      const name = varint(view, body.next + 1);
      const value = varint(view, name.next + name.value + 1);
      const valueEnd = value.next + value.value;
      expect(valueEnd).toBe(body.next + body.value);
      labels.push([
        latin(view.subarray(name.next, name.next + name.value)),
        latin(view.subarray(value.next, valueEnd)),
      ]);
      at = valueEnd;
    }
    definitions.push({ ref, labels });
  }
  const count = view.readUInt32LE(8);
  const bitsAt = at + count * 12;
  const { messages, startsAt } = behindColumns(view, { bitsAt, count });
  const rows = Array.from({ length: count }, (_, row) => {
    const timeMs = Number(view.readBigInt64LE(at + count * 4 + row * 8));
    const bits = view.readBigUInt64LE(bitsAt + row * 8);
    const message = messages.get(row);
    const startMs = startsAt > 0 ? Number(view.readBigInt64LE(startsAt + row * 8)) : 0;
    const sample =
      message === undefined
        ? { timeMs, bits, ...(startsAt > 0 ? { startMs } : {}) }
        : { timeMs, bits: 0n, histogram: readModelHistogram(message), message };
    return { ref: view.readUInt32LE(at + row * 4), sample };
  });
  return { tenant: view.readUInt32LE(0), definitions, rows };
}

/** The histograms behind a record's columns, by row, and where starts begin; 0: there are none. */
function behindColumns(
  view: Buffer,
  columns: { readonly bitsAt: number; readonly count: number },
): { messages: ReadonlyMap<number, Uint8Array>; startsAt: number } {
  const messages = new Map<number, Uint8Array>();
  const from = columns.bitsAt + columns.count * 8;
  if (from === view.length) return { messages, startsAt: 0 };
  const histograms = view.readUInt32LE(from);
  let at = from + 4 + histograms * 4;
  for (let i = 0; i < histograms; i++) {
    const row = view.readUInt32LE(from + 4 + i * 4);
    const sizeBytes = view.readUInt32LE(columns.bitsAt + row * 8 + 4);
    messages.set(row, new Uint8Array(view.subarray(at, at + sizeBytes)));
    at += sizeBytes;
  }
  expect([at, at + columns.count * 8]).toContain(view.length);
  return { messages, startsAt: at === view.length ? 0 : at };
}

function varint(bytes: Buffer, from: number): { value: number; next: number } {
  let [value, at, shift] = [0, from, 0];
  for (;;) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
    shift += 7;
  }
}

/** The kernel and its twin side by side; every call goes to both and is compared. */
export class Twins {
  readonly model: ModelKernel = new ModelKernel();
  readonly records: Uint8Array[] = [];
  readonly #tenants = new Set<number>();
  kernel: ShardKernel;
  #chunks = Buffer.alloc(0);
  constructor(kernel: ShardKernel) {
    this.kernel = kernel;
    kernel.setChunksPosition({ file: 1, offsetBytes: 0 });
  }

  setTenant(tenant: number, rules: TenantRules): void {
    this.#tenants.add(tenant);
    this.kernel.setTenant(tenant, rules);
    this.model.setTenant(tenant, rules);
  }

  /** Pushes a payload part by part; each part is applied, or abandoned when it says so. */
  push(batch: {
    readonly tenant: number;
    readonly format: PayloadFormat;
    readonly payload: Uint8Array;
    readonly timeMsMax: number;
    readonly newestMs: number;
    readonly abandon?: boolean;
  }): void {
    const { payload } = batch;
    this.kernel.input(payload.length).set(payload);
    for (let offsetBytes = 0; offsetBytes < payload.length; ) {
      const found = this.kernel.resolve({ ...batch, sizeBytes: payload.length, offsetBytes });
      const expected = this.model.resolve({ ...batch, offsetBytes });
      if ("fault" in found || expected === undefined) {
        expect("fault" in found).toBe(expected === undefined);
        return;
      }
      const refusals = new Map<RefusalKind, number>(found.refusals.map((r) => [r.kind, r.samples]));
      expect(Object.fromEntries(refusals)).toEqual(Object.fromEntries(expected.refusals));
      expect(found.samplesDuplicate).toBe(expected.samplesDuplicate);
      expect(found.nextOffsetBytes).toBe(expected.nextOffsetBytes);
      const histograms = expected.rows.filter(({ sample }) => sample.histogram !== undefined);
      expect(found.histograms).toBe(histograms.length);
      expect(found.histogramsDuplicate).toBe(expected.histogramsDuplicate);
      const record = decodeRecord(this.kernel.record());
      expect(record.rows).toEqual(
        expected.rows.map(({ series, sample }) => ({ ref: series.ref, sample })),
      );
      expect(record.definitions).toEqual(
        expected.definitions.map(({ ref, labels }) => ({ ref, labels })),
      );
      if (batch.abandon === true) {
        this.kernel.abandon();
        this.model.abandon();
        return;
      }
      this.records.push(this.kernel.record().slice());
      this.kernel.apply();
      this.model.apply();
      this.drain();
      expect(found.nextOffsetBytes).toBeGreaterThan(offsetBytes);
      offsetBytes = found.nextOffsetBytes;
    }
  }

  /** Goes on with another kernel, which took over what the former one held. */
  goOnWith(kernel: ShardKernel): void {
    this.kernel = kernel;
    this.model.forgetUndefined();
    kernel.setChunksPosition({ file: 1, offsetBytes: this.#chunks.length });
  }

  /** Moves the outbox to the file and checks the checksum behind each chunk. */
  drain(): void {
    const parts = [this.#chunks];
    while (this.kernel.outboxSizeBytes() > 0) {
      const part = Buffer.from(this.kernel.outbox());
      parts.push(part);
      this.kernel.outboxWritten(part.length);
    }
    this.#chunks = Buffer.concat(parts);
  }

  /** Compares everything that can be read, of all tenants. */
  compare(kernel: ShardKernel = this.kernel): void {
    for (const tenant of this.#tenants) this.#compareTenant(kernel, tenant);
  }

  /**
   * Compares labels and open samples of a kernel whose chunks lie in a file of its own: what
   * was sealed is counted only.
   */
  compareSamples(kernel: ShardKernel): void {
    for (const tenant of this.#tenants) {
      const mine = this.kernel.read(this.kernel.postings(tenant, 0), -(2 ** 53), 2 ** 53);
      const theirs = kernel.read(kernel.postings(tenant, 0), -(2 ** 53), 2 ** 53);
      const placeless = (chunk: HeadChunk): object => ({ ...chunk, file: 0, offsetBytes: 0 });
      expect(theirs.map((series) => [series.ref, series.chunks.map(placeless)])).toEqual(
        mine.map((series) => [series.ref, series.chunks.map(placeless)]),
      );
    }
  }

  #compareTenant(kernel: ShardKernel, tenant: number): void {
    const sampled = [...this.model.series(tenant).values()].filter((s) => s.last !== undefined);
    const names = new Map(
      kernel
        .pairs(tenant, 0, 100_000)
        .map((pair) => [pair.id, [latin(pair.name), latin(pair.value)]]),
    );
    const refs = kernel.postings(tenant, 0);
    expect([...refs]).toEqual(sampled.map(({ ref }) => ref).sort((a, b) => a - b));
    const everything = kernel.read(refs, 1, 0);
    expect(everything.map(({ ref }) => ref)).toEqual([...refs]);
    const byRef = new Map(sampled.map((series) => [series.ref, series]));
    for (const series of everything) {
      const labels = [...series.pairIds].map((id) => names.get(id));
      expect(labels).toEqual(byRef.get(series.ref)?.labels);
    }
    this.#comparePostings(kernel, tenant, sampled);
    this.#compareChunks(kernel, refs, { sampled, startMs: -(2 ** 53), endMs: 2 ** 53 });
    const newest = sampled.map((series) => series.last?.timeMs ?? 0).sort((a, b) => a - b);
    const middle = newest[newest.length >> 1] ?? 0;
    this.#compareChunks(kernel, refs, { sampled, startMs: middle - 3_600_000, endMs: middle });
  }

  #comparePostings(kernel: ShardKernel, tenant: number, sampled: readonly ModelSeries[]): void {
    for (const { id, name, value } of kernel.pairs(tenant, 0, 100_000)) {
      const having = sampled.filter((series) =>
        series.labels.some(([n, v]) => n === latin(name) && v === latin(value)),
      );
      const refs = having.map(({ ref }) => ref).sort((a, b) => a - b);
      expect([...kernel.postings(tenant, id)]).toEqual(refs);
      expect(kernel.pairId(tenant, name, value)).toBe(id);
      const others = kernel.filter(kernel.postings(tenant, 0), [
        { pairIds: Uint32Array.of(id), present: false },
      ]);
      expect(others.length).toBe(sampled.length - refs.length);
    }
  }

  #compareChunks(
    kernel: ShardKernel,
    refs: Uint32Array,
    range: { sampled: readonly ModelSeries[]; startMs: number; endMs: number },
  ): void {
    const { startMs, endMs } = range;
    const found = kernel
      .read(refs, startMs, endMs)
      .map((series) => [series.ref, series.chunks.map((chunk) => this.#chunkText(chunk)).sort()]);
    const expected = [...range.sampled]
      .sort((a, b) => a.ref - b.ref)
      .map((series) => [
        series.ref,
        this.model.chunks(series, startMs, endMs).map(chunkText).sort(),
      ])
      .filter(([, chunks]) => (chunks as string[]).length > 0);
    expect(found).toEqual(expected);
  }

  #chunkText(chunk: HeadChunk): string {
    const bytes = chunk.bytes ?? this.#sealedBytes(chunk);
    const { minTimeMs, maxTimeMs } = chunk;
    if (chunk.encoding !== 1) {
      expectReadable(bytes, chunk);
      return histogramText(bytes, { ...chunk, late: chunk.outOfOrder });
    }
    const samples = decodeXor(bytes);
    expect(samples.length).toBe(chunk.samples);
    expect(samples[0]?.timeMs).toBe(minTimeMs);
    expect(samples.at(-1)?.timeMs).toBe(maxTimeMs);
    return chunkText({ samples, late: chunk.outOfOrder, header: 0, form: plainForm });
  }

  #sealedBytes(chunk: HeadChunk): Uint8Array {
    const end = chunk.offsetBytes + chunk.sizeBytes;
    const bytes = this.#chunks.subarray(chunk.offsetBytes, end);
    expect(this.#chunks.readUInt32LE(end)).toBe(crc32c(bytes));
    return bytes;
  }
}

const decoder = createChunkDecoder();

/** Whoever reads chunks finds in one of histograms what the kernel says of it. */
function expectReadable(bytes: Uint8Array, chunk: HeadChunk): void {
  const columns = makeColumns(chunk.samples);
  const encoding = defined(knownEncoding(chunk.encoding), "an encoding");
  decoder.decode({ encoding, bytes }, { startMs: -1e16, endMs: 1e16 }, columns);
  expect(columns.length).toBe(chunk.samples);
  expect(columns.timesMs[0]).toBe(chunk.minTimeMs);
  expect(columns.timesMs[columns.length - 1]).toBe(chunk.maxTimeMs);
}

/** What there is to say of a chunk by its bytes. */
function histogramText(
  bytes: Uint8Array,
  chunk: {
    readonly encoding: number;
    readonly late: boolean;
    readonly minTimeMs: number;
    readonly maxTimeMs: number;
  },
): string {
  const { encoding, late, minTimeMs, maxTimeMs } = chunk;
  const hex = Buffer.from(bytes).toString("hex");
  return `${late ? "late " : ""}${encoding} ${minTimeMs} ${maxTimeMs} ${hex}`;
}

const plainForm = { xor2: false, starts: false };

/** The XOR2 chunk of some floats, by the encoder that blocks are written with. */
function xor2Of(samples: readonly ModelSample[]): Uint8Array {
  const columns = makeColumns(samples.length);
  columns.startTimesMs = Float64Array.from(samples, ({ startMs = 0 }) => startMs);
  for (const [i, { timeMs, bits }] of samples.entries()) {
    columns.timesMs[i] = timeMs;
    columns.words[2 * i] = Number(bits & 0xffff_ffffn);
    columns.words[2 * i + 1] = Number(bits >> 32n);
  }
  columns.length = samples.length;
  return encodeXor2(columns, 0, samples.length);
}

function chunkText(chunk: ModelChunk): string {
  const histograms = histogramsOf(chunk.samples);
  if (histograms.length > 0) {
    return histogramText(encodeModelChunk(histograms, chunk.header, chunk.form.starts), {
      encoding: (histograms[0]?.isFloat === true ? 3 : 2) + (chunk.form.starts ? 3 : 0),
      late: chunk.late,
      minTimeMs: histograms[0]?.timeMs ?? 0,
      maxTimeMs: histograms.at(-1)?.timeMs ?? 0,
    });
  }
  if (chunk.form.xor2) {
    return histogramText(xor2Of(chunk.samples), {
      encoding: 4,
      late: chunk.late,
      minTimeMs: chunk.samples[0]?.timeMs ?? 0,
      maxTimeMs: chunk.samples.at(-1)?.timeMs ?? 0,
    });
  }
  const samples = chunk.samples.map(({ timeMs, bits }) => `${timeMs}=${bits.toString(16)}`);
  return `${chunk.late ? "late " : ""}${samples.join(" ")}`;
}
