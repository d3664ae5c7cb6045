import { type Prng, seededPrng } from "../../../server/platform/base/index.ts";
import { ByteWriter } from "./byte-writer.ts";
import { firstValue, nextValue, templateOf } from "./payload.ts";
import { seriesLabels, seriesPerPod } from "./series-model.ts";

/**
 * Remote write 1.0 requests that hold several samples of each series, for loading hours of data:
 * the labels are encoded once, so that neither sender nor receiver spends its time on them. The
 * snappy block is one literal.
 */
export class HistoryPayload {
  readonly #labels: readonly Uint8Array[];
  readonly #values: Float64Array;
  readonly #series: Int32Array;
  readonly #prng: Prng;

  /** `labelsOf` gives a series' labels, sorted by name; by default those of the model. */
  constructor(series: Int32Array, seed: number, labelsOf: LabelsOf = modelLabels) {
    this.#series = series;
    this.#prng = seededPrng(seed);
    this.#labels = Array.from(series, (one) => encodeLabels(labelsOf(one)));
    this.#values = Float64Array.from(series, (one) => firstValue(templateOf(one), this.#prng));
  }

  /** Moves every series `times.length` steps; returns the request with those samples. */
  next(timesMs: readonly number[]): Buffer {
    const count = timesMs.length;
    const columns = this.#series.length;
    const grid = new Float64Array(columns * count);
    for (let step = 0; step < count; step++) this.#advanceInto(grid, step, count);
    const out = new ByteWriter(columns * (400 + 18 * count));
    for (let i = 0; i < columns; i++) {
      const labels = this.#labels[i] as Uint8Array;
      const samples = encodeSamples(timesMs, grid.subarray(i * count, (i + 1) * count));
      out.byte(0x0a);
      out.varint(labels.length + samples.length);
      out.raw(labels);
      out.raw(samples);
    }
    return asOneLiteral(out.written());
  }

  #advanceInto(grid: Float64Array, step: number, count: number): void {
    let observations = 0;
    for (let i = 0; i < this.#series.length; i++) {
      const template = templateOf(this.#series[i] as number);
      if (template.motion === "bucket" && template.scale === 0) observations = this.#prng.below(40);
      const value = nextValue(template, this.#values[i] as number, observations, this.#prng);
      this.#values[i] = value;
      grid[i * count + step] = value;
    }
  }
}

/** The labels of a series by its number. */
export type LabelsOf = (series: number) => readonly (readonly [string, string])[];

function modelLabels(series: number): readonly (readonly [string, string])[] {
  const pod = Math.floor(series / seriesPerPod);
  return seriesLabels({ pod, generation: 0, index: series % seriesPerPod });
}

function encodeLabels(labels: ReturnType<LabelsOf>): Uint8Array {
  const out = new ByteWriter(512);
  for (const [name, value] of labels) {
    const label = new ByteWriter(96);
    label.field(1, Buffer.from(name));
    label.field(2, Buffer.from(value));
    out.field(1, label.written());
  }
  return Uint8Array.from(out.written());
}

/** Tag and length, tag and value, tag and six bytes of time. */
const sampleSizeBytes = 2 + 9 + 7;

function encodeSamples(timesMs: readonly number[], values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.length * sampleSizeBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) {
    const at = i * sampleSizeBytes;
    bytes[at] = 0x12;
    bytes[at + 1] = sampleSizeBytes - 2;
    bytes[at + 2] = 0x09;
    view.setFloat64(at + 3, values[i] as number, true);
    bytes[at + 11] = 0x10;
    let rest = timesMs[i] as number;
    for (let k = 0; k < 5; k++) {
      bytes[at + 12 + k] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at + 17] = rest;
  }
  return bytes;
}

/** A snappy block of one literal with a four-byte length. */
function asOneLiteral(raw: Uint8Array): Buffer {
  const out = new ByteWriter(raw.length + 16);
  out.varint(raw.length);
  out.byte(63 << 2);
  for (let shift = 0; shift < 32; shift += 8) out.byte(((raw.length - 1) >>> shift) & 0xff);
  out.raw(raw);
  return Buffer.from(out.written());
}
