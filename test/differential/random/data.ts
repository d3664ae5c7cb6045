import { type Prng, seededPrng } from "../../../server/platform/base/index.ts";
import { ByteWriter } from "../../support/load/byte-writer.ts";

/**
 * Random series of many shapes, the same for the same seed: counters that reset, gauges with NaN
 * and infinities, gaps, staleness markers, odd intervals, classic histograms, metrics about
 * others. Values are bits: `high` and `low` words of a double.
 */
export interface RandomSeries {
  readonly labels: readonly (readonly [string, string])[];
  /** Ascending. */
  readonly timesMs: number[];
  /** Two words a sample, the low one first. */
  readonly words: number[];
}

/** Length of the data and its usual step. */
export const dataShape: { readonly lengthMs: number; readonly stepMs: number } = {
  lengthMs: 2 * 3_600_000,
  stepMs: 15_000,
};

const staleWords = [0x00000002, 0x7ff00000] as const;
const scratch = new DataView(new ArrayBuffer(8));

class SeriesMaker {
  readonly series: RandomSeries[] = [];
  readonly prng: Prng;
  readonly #startMs: number;

  constructor(seed: number, startMs: number) {
    this.prng = seededPrng(seed * 2_654_435_761 + 12_345);
    this.#startMs = startMs;
    for (let i = 0; i < 8; i++) this.prng.next();
  }

  /** `value` gives the next value, undefined for a gap, "stale" for a marker. */
  add(name: string, labels: Record<string, string>, value: (i: number) => Value): void {
    const pairs = [["__name__", name], ...Object.entries(labels)] as [string, string][];
    const made: RandomSeries = {
      labels: pairs.filter(([, text]) => text !== "").sort(([a], [b]) => (a < b ? -1 : 1)),
      ...{ timesMs: [], words: [] },
    };
    const times = this.#times();
    for (const [i, timeMs] of times.entries()) {
      const next = value(i);
      if (next === undefined) continue;
      made.timesMs.push(timeMs);
      if (next === "stale") made.words.push(...staleWords);
      else {
        scratch.setFloat64(0, next);
        made.words.push(scratch.getUint32(4), scratch.getUint32(0));
      }
    }
    this.series.push(made);
  }

  /** Most series are scraped on the grid; some have a phase, some jitter, some another step. */
  #times(): readonly number[] {
    const { prng } = this;
    const kind = prng.below(10);
    const stepMs = kind === 0 ? 60_000 : kind === 1 ? 7_001 : dataShape.stepMs;
    const phaseMs = kind < 4 ? prng.below(stepMs) : 0;
    const jitterMs = kind === 3 ? 2_000 : 1;
    const count = Math.floor((dataShape.lengthMs - phaseMs) / stepMs);
    return Array.from(
      { length: count },
      (_, i) => this.#startMs + phaseMs + i * stepMs + prng.below(jitterMs),
    );
  }
}

type Value = number | undefined | "stale";

/** A shape of values; each call makes one series' own. */
type Shape = (prng: Prng) => (i: number) => Value;

const steadyCounter: Shape = (prng) => {
  let value = prng.below(1000);
  return () => {
    value += prng.below(12);
    return value;
  };
};

const resettingCounter: Shape = (prng) => {
  let value = prng.next() * 100;
  return () => {
    value = prng.next() < 0.02 ? prng.next() : value + prng.next() * 10;
    return prng.next() < 0.05 ? undefined : value;
  };
};

const gauge: Shape = (prng) => {
  let value = prng.next() * 100 - 50;
  return () => {
    value += prng.next() * 4 - 2;
    return prng.next() < 0.03 ? undefined : value;
  };
};

const small: Shape = (prng) => () => prng.below(6) - 2;

const oddValues: readonly Value[] = [
  ...[Number.NaN, Infinity, -Infinity, 0, -0, 1e-300, 1.7e308, -1.7e308, 1e17, 0.1, -1],
  ...["stale" as const, undefined],
];

const wild: Shape = (prng) => () => {
  if (prng.next() < 0.7) return prng.next() * 10 ** (prng.below(7) - 3);
  return oddValues[prng.below(oddValues.length)];
};

/** Comes and goes, with and without a marker in between. */
const flapping: Shape = (prng) => {
  let up = true;
  let isMarked = false;
  return (i) => {
    if (prng.next() < 0.03) {
      up = !up;
      isMarked = up || prng.next() < 0.3;
    }
    if (up) return i + prng.next();
    if (isMarked) return undefined;
    isMarked = true;
    return "stale";
  };
};

const constant: Shape = (prng) => {
  const value = prng.below(3);
  return () => value;
};

const brief: Shape = (prng) => {
  const from = prng.below(300);
  const to = from + 1 + prng.below(3);
  return (i) => (i >= from && i < to ? i : undefined);
};

const bounds: readonly string[] = ["0.1", "0.5", "1", "2.5", "10", "+Inf"];

/** Classic buckets of one histogram; some lack the last bucket, some do not ascend. */
function addBuckets(maker: SeriesMaker, labels: Record<string, string>, oddity: number): void {
  const counts = bounds.map(() => 0);
  const rows: number[][] = [];
  const { prng } = maker;
  const row = (i: number): number[] => {
    while (rows.length <= i) {
      let sum = 0;
      if (prng.next() < 0.01) counts.fill(0);
      rows.push(
        counts.map((_, b) => {
          counts[b] = (counts[b] as number) + prng.below(4);
          sum += counts[b] as number;
          return oddity === 1 && b === 2 ? sum - 1 : sum;
        }),
      );
    }
    return rows[i] as number[];
  };
  for (const [b, le] of bounds.entries()) {
    if (oddity === 2 && le === "+Inf") continue;
    const text = oddity === 3 && le === "1" ? "1.0" : le;
    maker.add("lat_bucket", { ...labels, le: text }, (i) => row(i)[b]);
  }
}

/** Makes the series of a seed; samples stand in `[startMs, startMs + lengthMs)`. */
export function randomSeries(seed: number, startMs: number): readonly RandomSeries[] {
  const maker = new SeriesMaker(seed, startMs);
  const { prng } = maker;
  const families: readonly (readonly [string, readonly Shape[]])[] = [
    ["req_total", [steadyCounter, resettingCounter, steadyCounter, flapping]],
    ["bytes_total", [resettingCounter]],
    ["temp", [gauge, small, wild, flapping]],
    ["mem", [small, constant, gauge]],
    ["odd", [wild, brief, flapping, constant]],
    ["up", [constant, flapping]],
  ];
  for (const [name, shapes] of families) {
    for (const job of ["api", "db", "web"]) {
      for (const instance of ["a:1", "b:2", "c:3"]) {
        if (prng.next() < 0.1) continue;
        const shape = shapes[prng.below(shapes.length)] as Shape;
        const extra: Record<string, string> =
          name === "req_total" ? { code: String(200 + 100 * prng.below(4)) } : {};
        const zone = instance === "a:1" ? "z1" : prng.next() < 0.5 ? "z2" : "";
        maker.add(name, { job, instance, zone, ...extra }, shape(prng));
      }
    }
  }
  for (const job of ["api", "db", "web"]) {
    addBuckets(maker, { job, instance: "a:1" }, prng.below(4));
    if (prng.next() < 0.5) addBuckets(maker, { job, instance: "b:2" }, 0);
    const version = `1.${prng.below(3)}`;
    maker.add("build_info", { job, instance: "a:1", version }, () => 1);
    maker.add("target_info", { job, instance: "a:1", data: `d${prng.below(2)}` }, () => 1);
  }
  return maker.series;
}

/**
 * Remote write 1.0 messages with all samples, in the order of time: `sliceMs` of every series to
 * a message.
 */
export function* asWriteRequests(
  series: readonly RandomSeries[],
  { startMs, sliceMs }: { readonly startMs: number; readonly sliceMs: number },
): Generator<Uint8Array> {
  const next = series.map(() => 0);
  for (
    let endMs = startMs + sliceMs;
    next.some((at, i) => at < sizeOf(series[i]));
    endMs += sliceMs
  ) {
    const out = new ByteWriter(1 << 16);
    for (const [i, one] of series.entries()) {
      const message = new ByteWriter(1024);
      writeLabels(message, one.labels);
      let at = next[i] as number;
      const from = at;
      while (at < one.timesMs.length && (one.timesMs[at] as number) < endMs) {
        writeSample(message, one, at++);
      }
      next[i] = at;
      if (at > from) out.field(1, message.written());
    }
    if (out.position > 0) yield Uint8Array.from(out.written());
  }
}

const sizeOf = (series: RandomSeries | undefined): number => series?.timesMs.length ?? 0;

function writeLabels(message: ByteWriter, labels: RandomSeries["labels"]): void {
  for (const [name, value] of labels) {
    const label = new ByteWriter(64);
    label.field(1, Buffer.from(name));
    label.field(2, Buffer.from(value));
    message.field(1, label.written());
  }
}

function writeSample(message: ByteWriter, series: RandomSeries, at: number): void {
  const value = Buffer.alloc(8);
  value.writeUInt32LE(series.words[2 * at] as number, 0);
  value.writeUInt32LE(series.words[2 * at + 1] as number, 4);
  const sample = new ByteWriter(32);
  sample.byte(0x09);
  sample.raw(value);
  sample.byte(0x10);
  sample.varint(series.timesMs[at] as number);
  message.field(2, sample.written());
}
