import type { Labels } from "../../model/index.ts";
import { floatSizeBytesMax, scalarText, writeAscii, writeFloat } from "./float-text.ts";
import {
  makePieceBuffer,
  type PieceBuffer,
  reserve,
  takePieces,
  takeRest,
} from "./piece-buffer.ts";
import { htmlSafeText, stringBytesPerUnitMax, writeString } from "./string-text.ts";
import {
  makeTimeTexts,
  scalarTimeText,
  type TimeGrid,
  type TimeTexts,
  timeSizeBytesMax,
  writeTime,
} from "./time-text.ts";

/**
 * Writes the answer of Prometheus's query API, byte for byte as Prometheus 3 does:
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[
 *     {"metric":{"a":"b"},"values":[[1700000000,"1.5"],…]},…
 *   ],"stats":{…}},"warnings":[…],"infos":[…]}
 *
 * `begin`, then series or samples, then `end`; or `scalar` or `text` alone in between.
 */
export interface AnswerWriter {
  begin(type: ResultType): void;
  /** One series of a matrix; entries `[from, to)` of both columns. */
  series(labels: Labels, samples: Samples): void;
  /** One element of a vector. */
  sample(labels: Labels, timeMs: number, value: number): void;
  /** The one value of a scalar result. */
  scalar(timeMs: number, value: number): void;
  /** The one text of a string result. */
  text(timeMs: number, text: string): void;
  end(tail: AnswerTail): void;
  /** Full pieces so far (128 KiB and more), the caller's own; often none. */
  takePieces(): readonly Uint8Array<ArrayBuffer>[];
  /** What is left after `end`. */
  takeRest(): readonly Uint8Array<ArrayBuffer>[];
}

/** Names of result types as they stand in the answer. */
export type ResultType = "matrix" | "vector" | "scalar" | "string";

/** Samples of one series of a matrix. */
export interface Samples {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** What stands behind the result. */
export interface AnswerTail {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** JSON of the stats object, when it was asked for. */
  readonly statsJson?: string | undefined;
}

/** Room for one sample: `,[time,"value"]`. */
const sampleSizeBytesMax = timeSizeBytesMax + floatSizeBytesMax + 8;
/** Samples that room is made for at a time: 64 KiB. */
const samplesPerReserve = 1024;

const comma = 0x2c;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const braceClose = 0x7d;
const colon = 0x3a;
const quote = 0x22;

/** Starts an answer. With a grid, times on it are copied, not printed again for each series. */
export function createAnswerWriter(grid?: TimeGrid): AnswerWriter {
  return new Writer(grid === undefined ? undefined : makeTimeTexts(grid));
}

class Writer implements AnswerWriter {
  readonly #buffer: PieceBuffer = makePieceBuffer();
  readonly #times: TimeTexts | undefined;
  #isList = true;
  #isFirst = true;

  constructor(times: TimeTexts | undefined) {
    this.#times = times;
  }

  begin(type: ResultType): void {
    this.#isList = type === "matrix" || type === "vector";
    const list = this.#isList ? "[" : "";
    this.#ascii(`{"status":"success","data":{"resultType":"${type}","result":${list}`);
  }

  series(labels: Labels, samples: Samples): void {
    this.#metric(labels);
    this.#ascii(',"values":[');
    for (let from = samples.from; from < samples.to; from += samplesPerReserve) {
      const to = Math.min(samples.to, from + samplesPerReserve);
      reserve(this.#buffer, (to - from) * sampleSizeBytesMax);
      writeSamples(this.#buffer, { ...samples, from, to }, this.#times);
      // Each sample has a comma behind it; the list's end takes the last one's place.
    }
    const buffer = this.#buffer;
    if (samples.to > samples.from) buffer.length--;
    reserve(buffer, 2);
    buffer.bytes[buffer.length++] = bracketClose;
    buffer.bytes[buffer.length++] = braceClose;
  }

  sample(labels: Labels, timeMs: number, value: number): void {
    this.#metric(labels);
    this.#ascii(',"value":');
    const buffer = this.#buffer;
    reserve(buffer, sampleSizeBytesMax);
    buffer.bytes[buffer.length] = bracketOpen;
    buffer.length = writeTime(buffer.bytes, buffer.length + 1, timeMs);
    buffer.length = writeAscii(buffer.bytes, buffer.length, ',"');
    buffer.length = writeFloat(buffer.bytes, buffer.length, value);
    buffer.length = writeAscii(buffer.bytes, buffer.length, '"]}');
  }

  scalar(timeMs: number, value: number): void {
    this.#ascii(`[${scalarTimeText(timeMs)},"${scalarText(value)}"]`);
  }

  text(timeMs: number, text: string): void {
    this.#utf8(`[${scalarTimeText(timeMs)},${htmlSafeText(text)}]`);
  }

  end(tail: AnswerTail): void {
    if (this.#isList) this.#ascii("]");
    if (tail.statsJson !== undefined) this.#ascii(`,"stats":${tail.statsJson}`);
    this.#ascii("}");
    if (tail.warnings.length > 0) this.#utf8(`,"warnings":[${textList(tail.warnings)}]`);
    if (tail.infos.length > 0) this.#utf8(`,"infos":[${textList(tail.infos)}]`);
    this.#ascii("}");
  }

  takePieces(): readonly Uint8Array<ArrayBuffer>[] {
    return takePieces(this.#buffer);
  }

  takeRest(): readonly Uint8Array<ArrayBuffer>[] {
    return takeRest(this.#buffer);
  }

  /** Writes `,{"metric":{…}` with the comma only where one belongs. */
  #metric(labels: Labels): void {
    this.#ascii(this.#isFirst ? '{"metric":{' : ',{"metric":{');
    this.#isFirst = false;
    const buffer = this.#buffer;
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i] as string;
      const value = labels[i + 1] as string;
      reserve(buffer, 8 + stringBytesPerUnitMax * (name.length + value.length));
      if (i > 0) buffer.bytes[buffer.length++] = comma;
      buffer.length = writeString(buffer.bytes, buffer.length, name);
      buffer.bytes[buffer.length++] = colon;
      buffer.length = writeString(buffer.bytes, buffer.length, value);
    }
    this.#ascii("}");
  }

  #ascii(text: string): void {
    reserve(this.#buffer, text.length);
    this.#buffer.length = writeAscii(this.#buffer.bytes, this.#buffer.length, text);
  }

  #utf8(text: string): void {
    const bytes = utf8.encode(text);
    reserve(this.#buffer, bytes.length);
    this.#buffer.bytes.set(bytes, this.#buffer.length);
    this.#buffer.length += bytes.length;
  }
}

const utf8 = new TextEncoder();

function textList(texts: readonly string[]): string {
  return texts.map(htmlSafeText).join(",");
}

/** Writes `[time,"value"],` for each sample; room was made. */
function writeSamples(buffer: PieceBuffer, samples: Samples, texts: TimeTexts | undefined): void {
  const { timesMs, values } = samples;
  const { bytes } = buffer;
  let at = buffer.length;
  for (let i = samples.from; i < samples.to; i++) {
    bytes[at++] = bracketOpen;
    const timeMs = timesMs[i]!;
    const step = texts === undefined ? -1 : (timeMs - texts.grid.startMs) / texts.grid.stepMs;
    if (texts === undefined || !(step >= 0 && step < texts.grid.steps) || step % 1 !== 0) {
      at = writeTime(bytes, at, timeMs);
    } else {
      const end = texts.starts[step + 1]!;
      for (let from = texts.starts[step]!; from < end; from++) bytes[at++] = texts.bytes[from]!;
    }
    bytes[at++] = comma;
    bytes[at++] = quote;
    at = writeFloat(bytes, at, values[i]!);
    bytes[at++] = quote;
    bytes[at++] = bracketClose;
    bytes[at++] = comma;
  }
  buffer.length = at;
}
