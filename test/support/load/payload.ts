import { compressPatchable } from "./patchable-snappy.ts";
import { ByteWriter } from "./byte-writer.ts";
import { type SeriesTemplate, podTemplates, seriesLabels, seriesPerPod } from "./series-model.ts";
import { type Prng, seededPrng } from "../../../server/platform/base/index.ts";

/** Remote write version of a payload. */
export type RemoteWriteVersion = 1 | 2;

/** Which series a payload holds. */
export interface PayloadOptions {
  readonly version: RemoteWriteVersion;
  /** Numbers of series of the whole load; series n is slot n % 100 of pod floor(n / 100). */
  readonly series: Int32Array;
  readonly generation: number;
  readonly seed: number;
  /** Labels beside the model's, such as a tenant's own. */
  readonly extraLabels?: readonly (readonly [string, string])[];
}

/** Bytes of a sample that change: 8 of the value, the tag between, 6 of the time. */
const patchSizeBytes = 15;

const cumulative = [0.02, 0.08, 0.2, 0.38, 0.58, 0.76, 0.88, 0.95, 0.98, 0.993, 0.999, 1];

/** A snappy-compressed request that is made once; only times and values are written into it. */
export class Payload {
  readonly series: Int32Array;
  readonly body: Buffer;
  readonly rawSizeBytes: number;
  readonly values: Float64Array;
  readonly #offsets: Uint32Array;
  readonly #view: DataView;
  readonly #prng: Prng;

  constructor(options: PayloadOptions) {
    const { raw, starts } =
      options.version === 1 ? encodeVersion1(options) : encodeVersion2(options);
    const { block, offsets } = compressPatchable(raw, starts, patchSizeBytes);
    this.series = options.series;
    this.body = block;
    this.rawSizeBytes = raw.length;
    this.#offsets = offsets;
    this.#view = new DataView(block.buffer, block.byteOffset, block.length);
    this.#prng = seededPrng(options.seed);
    this.values = Float64Array.from(options.series, (series) =>
      firstValue(templateOf(series), this.#prng),
    );
  }

  /** Moves every series one step and writes the samples of `timeMs` into the body. */
  advance(timeMs: number): void {
    const time = timeBytes(timeMs);
    let observations = 0;
    for (let i = 0; i < this.series.length; i++) {
      const template = templateOf(this.series[i] as number);
      if (template.motion === "bucket" && template.scale === 0) observations = this.#prng.below(40);
      const value = nextValue(template, this.values[i] as number, observations, this.#prng);
      const at = this.#offsets[i] as number;
      this.values[i] = value;
      this.#view.setFloat64(at, value, true);
      for (let k = 0; k < 6; k++) this.body[at + 9 + k] = time[k] as number;
    }
  }
}

/** How a series of the load moves. */
export function templateOf(series: number): SeriesTemplate {
  return podTemplates()[series % seriesPerPod] as SeriesTemplate;
}

/** Value of a series before its first sample. */
export function firstValue(template: SeriesTemplate, prng: Prng): number {
  if (template.motion === "constant" || template.motion === "gauge") return template.scale;
  return template.motion === "bytes" ? 4096 * prng.below(50_000) : 0;
}

/** The next value; buckets of one histogram share the number of observations. */
export function nextValue(
  template: SeriesTemplate,
  value: number,
  observations: number,
  prng: Prng,
): number {
  switch (template.motion) {
    case "bucket":
      return value + Math.floor(observations * (cumulative[template.scale] as number));
    case "counter":
      return prng.next() < 0.5 ? value : value + prng.below(template.scale * 1.5 + 1);
    case "float-counter":
      return value + prng.next() * template.scale;
    case "bytes":
      return prng.next() < 0.4 ? value : Math.max(0, value + 4096 * (prng.below(64) - 32));
    case "gauge":
      return template.scale > 1
        ? Math.floor(template.scale * (0.8 + 0.4 * prng.next()))
        : prng.next();
    case "constant":
      return value;
  }
}

/** Times of this century take exactly six bytes as a varint. */
function timeBytes(timeMs: number): number[] {
  const bytes: number[] = [];
  let rest = timeMs;
  for (let i = 0; i < 5; i++) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

function labelsOf(options: PayloadOptions, series: number): [string, string][] {
  const at = {
    pod: Math.floor(series / seriesPerPod),
    generation: options.generation,
    index: series % seriesPerPod,
  };
  const labels = seriesLabels(at);
  if (options.extraLabels === undefined) return labels;
  const all = [
    ...labels,
    ...options.extraLabels.map(([name, value]): [string, string] => [name, value]),
  ];
  return all.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes a sample with room for value and time; returns where the value begins. */
function writeSample(message: ByteWriter): number {
  message.byte(0x12);
  message.byte(1 + patchSizeBytes);
  message.byte(0x09);
  const start = message.position;
  message.zeros(8);
  message.byte(0x10);
  message.zeros(6);
  return start;
}

function encodeVersion1(options: PayloadOptions): { raw: Buffer; starts: number[] } {
  const out = new ByteWriter(options.series.length * 400);
  const starts: number[] = [];
  for (const series of options.series) {
    const message = new ByteWriter(512);
    for (const [name, value] of labelsOf(options, series)) {
      const label = new ByteWriter(96);
      label.field(1, Buffer.from(name));
      label.field(2, Buffer.from(value));
      message.field(1, label.written());
    }
    const start = writeSample(message);
    out.field(1, message.written());
    starts.push(out.position - message.position + start);
  }
  return { raw: Buffer.from(out.written()), starts };
}

function encodeVersion2(options: PayloadOptions): { raw: Buffer; starts: number[] } {
  const symbols = new Map([["", 0]]);
  const refOf = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const body = new ByteWriter(options.series.length * 80);
  const inBody: number[] = [];
  for (const series of options.series) {
    const message = new ByteWriter(128);
    const refs = new ByteWriter(64);
    for (const [name, value] of labelsOf(options, series)) {
      refs.varint(refOf(name));
      refs.varint(refOf(value));
    }
    message.field(1, refs.written());
    const start = writeSample(message);
    body.field(5, message.written());
    inBody.push(body.position - message.position + start);
  }
  const out = new ByteWriter(body.position + symbols.size * 32);
  for (const symbol of symbols.keys()) out.field(4, Buffer.from(symbol));
  const shift = out.position;
  out.raw(body.written());
  return { raw: Buffer.from(out.written()), starts: inBody.map((start) => start + shift) };
}
