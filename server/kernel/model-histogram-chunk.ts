import {
  bitsOf,
  isStaleHistogram,
  type ModelBuckets,
  type ModelHistogram,
} from "./model-histogram.ts";
import type { ModelSample } from "./model-payload.ts";

/**
 * Prometheus's histogram chunks, written as a string of bits: the twin's encoder, which says how
 * long a chunk is and which bytes the kernel must have made.
 */
export function encodeModelChunk(
  samples: readonly ModelHistogram[],
  header: number,
  hasStarts: boolean,
): Uint8Array {
  const writer = new ChunkWriter(hasStarts);
  for (const sample of samples) writer.add(sample);
  return writer.bytes(samples.length, header);
}

/** Chunks that were measured before, by their lists, which only grow. */
const measured = new WeakMap<object, { readonly writer: ChunkWriter; count: number }>();

/** Bytes of the chunk of a list's histograms. */
export function modelChunkSizeBytes(samples: readonly ModelSample[], hasStarts: boolean): number {
  const known = measured.get(samples) ?? { writer: new ChunkWriter(hasStarts), count: 0 };
  measured.set(samples, known);
  for (const { histogram } of samples.slice(known.count)) {
    if (histogram !== undefined) known.writer.add(histogram);
    known.count++;
  }
  return known.writer.sizeBytes;
}

const noBuckets: ModelBuckets = { spans: [], values: [] };

function emptied(h: ModelHistogram): ModelHistogram {
  const rest = { schema: 0, zeroThreshold: 0, count: 0n, zeroCount: 0n, bounds: [] };
  return { ...h, ...rest, positive: noBuckets, negative: noBuckets };
}

/** A float of a chunk and the window of its last change. */
interface XorState {
  bits: bigint;
  leading: number;
  trailing: number;
}

class ChunkWriter {
  #bits = "";
  #last: ModelHistogram | undefined;
  #timeDelta = 0n;
  #countDelta = 0n;
  #zeroDelta = 0n;
  #deltas: bigint[] = [];
  #values: bigint[] = [];
  readonly #floats = new Map<string, XorState>();

  readonly #hasStarts: boolean;
  #count = 0;
  #startHeader = 0;
  #startMs = 0;
  #startDistance = 0n;

  constructor(hasStarts: boolean) {
    this.#hasStarts = hasStarts;
    this.#put(0n, 24);
  }

  bytes(samples: number, flags: number): Uint8Array {
    const bytes = this.#body();
    const count = this.#hasStarts ? samples | (flags << 8) : samples;
    bytes.set([count >> 8, count & 0xff, this.#hasStarts ? this.#startHeader : flags]);
    return bytes;
  }

  #body(): Uint8Array {
    const whole = this.#bits.padEnd(Math.ceil(this.#bits.length / 8) * 8, "0");
    return Uint8Array.from(whole.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  }

  get sizeBytes(): number {
    return Math.ceil(this.#bits.length / 8);
  }

  add(sample: ModelHistogram): void {
    const h = isStaleHistogram(sample) ? emptied(sample) : sample;
    if (this.#last === undefined) this.#first(h);
    else this.#next(this.#last, h);
    if (this.#hasStarts) this.#start(h);
    this.#last = h;
    this.#count++;
  }

  /** The start behind a sample: nothing as long as all are like the first. */
  #start({ timeMs, startMs }: ModelHistogram): void {
    const i = this.#count;
    const distance = BigInt(this.#last?.timeMs ?? timeMs) - BigInt(startMs);
    if (i === 0 && startMs !== 0) {
      this.#startHeader = 0x80;
      let rest = distance < 0n ? -2n * distance - 1n : 2n * distance;
      for (; rest >= 0x80n; rest >>= 7n) this.#put(rest | 0x80n, 8);
      this.#put(rest, 8);
    } else if (i > 0 && (this.#startHeader & 0x7f) !== 0) {
      this.#int(distance - this.#startDistance);
      this.#startDistance = distance;
    } else if (i > 0 && (startMs !== this.#startMs || i === 0x7f)) {
      this.#startHeader |= i;
      this.#int(distance);
      this.#startDistance = distance;
    }
    this.#startMs = startMs;
  }

  #put(value: bigint, count: number): void {
    this.#bits += BigInt.asUintN(count, value).toString(2).padStart(count, "0");
  }

  #first(h: ModelHistogram): void {
    this.#layout(h);
    this.#int(BigInt(h.timeMs));
    if (h.isFloat) {
      this.#float("count", h.count);
      this.#float("zero", h.zeroCount);
    } else {
      this.#uint(h.count);
      this.#uint(h.zeroCount);
    }
    this.#float("sum", h.sum);
    this.#values = [...h.positive.values, ...h.negative.values];
    this.#deltas = this.#values.map(() => 0n);
    for (const [i, value] of this.#values.entries()) {
      if (h.isFloat) this.#float(`bucket ${i}`, value);
      else this.#int(value);
    }
  }

  #next(last: ModelHistogram, h: ModelHistogram): void {
    const timeDelta = BigInt(h.timeMs) - BigInt(last.timeMs);
    this.#int(timeDelta - this.#timeDelta);
    this.#timeDelta = timeDelta;
    const stale = isStaleHistogram(h);
    if (h.isFloat) {
      this.#float("count", h.count);
      this.#float("zero", h.zeroCount);
    } else {
      const countDelta = BigInt.asIntN(64, h.count - last.count);
      const zeroDelta = BigInt.asIntN(64, h.zeroCount - last.zeroCount);
      this.#int(stale ? 0n : countDelta - this.#countDelta);
      this.#int(stale ? 0n : zeroDelta - this.#zeroDelta);
      this.#countDelta = countDelta;
      this.#zeroDelta = zeroDelta;
    }
    this.#float("sum", h.sum);
    if (stale) return;
    for (const [i, value] of [...h.positive.values, ...h.negative.values].entries()) {
      if (h.isFloat) {
        this.#float(`bucket ${i}`, value);
        continue;
      }
      const delta = BigInt.asIntN(64, value - (this.#values[i] ?? 0n));
      this.#int(delta - (this.#deltas[i] ?? 0n));
      this.#deltas[i] = delta;
      this.#values[i] = value;
    }
  }

  #layout(h: ModelHistogram): void {
    const bits = bitsOf(h.zeroThreshold);
    const power = Number(bits >> 52n) - 1022;
    const isPower = (bits & 0xfffffffffffffn) === 0n && power >= -242 && power <= 11;
    const short = h.zeroThreshold === 0 ? 0 : isPower ? power + 243 : 255;
    this.#put(BigInt(short), 8);
    if (short === 255) this.#put(bits, 64);
    this.#int(BigInt(h.schema));
    for (const { spans } of [h.positive, h.negative]) {
      this.#uint(BigInt(spans.length));
      for (const { offset, length } of spans) {
        this.#uint(BigInt(length));
        this.#int(BigInt(offset));
      }
    }
    if (h.schema !== -53) return;
    this.#uint(BigInt(h.bounds.length));
    for (const bound of h.bounds) this.#bound(bound);
  }

  #bound(bound: number): void {
    const scaled = bound * 1000;
    const whole = Math.round(scaled);
    if (scaled >= 0 && scaled <= 33_554_430 && whole / 1000 === bound) {
      this.#uint(BigInt(whole) + 1n);
      return;
    }
    this.#put(0n, 1);
    this.#put(bitsOf(bound), 64);
  }

  /** A varbit: as many ones as the size is the how many-th, a zero, the number. */
  #varbit(value: bigint, fits: (size: number) => boolean): void {
    const found = varbitSizes.findIndex(fits);
    const prefix = found < 0 ? "11111111" : `${"1".repeat(found)}0`;
    this.#bits += prefix;
    const size = found < 0 ? 64 : (varbitSizes[found] ?? 0);
    if (size > 0) this.#put(value, size);
  }

  #int(wide: bigint): void {
    const value = BigInt.asIntN(64, wide);
    this.#varbit(value, (size) => {
      if (size === 0) return value === 0n;
      const half = 1n << BigInt(size - 1);
      return value > -half && value <= half;
    });
  }

  #uint(value: bigint): void {
    this.#varbit(value, (size) => value < 1n << BigInt(size));
  }

  /** A float, by its name in the chunk: raw the first time, then what changed. */
  #float(name: string, bits: bigint): void {
    const state = this.#floats.get(name);
    if (state === undefined) {
      this.#put(bits, 64);
      this.#floats.set(name, { bits, leading: 255, trailing: 0 });
      return;
    }
    const xor = (state.bits ^ bits).toString(2).padStart(64, "0");
    state.bits = bits;
    if (!xor.includes("1")) {
      this.#bits += "0";
      return;
    }
    const leading = Math.min(31, xor.indexOf("1"));
    const trailing = 63 - xor.lastIndexOf("1");
    if (state.leading <= leading && state.trailing <= trailing) {
      this.#bits += `10${xor.slice(state.leading, 64 - state.trailing)}`;
      return;
    }
    state.leading = leading;
    state.trailing = trailing;
    const significant = xor.slice(leading, 64 - trailing);
    this.#bits += "11";
    this.#put(BigInt(leading), 5);
    this.#put(BigInt(significant.length), 6);
    this.#bits += significant;
  }
}

const varbitSizes = [0, 3, 6, 9, 12, 18, 25, 56];
