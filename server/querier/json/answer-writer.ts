import type { FloatHistogram, Labels } from "../../model/index.ts";
import { defined } from "../../platform/base/index.ts";
import { floatSizeBytesMax, scalarText, writeAscii, writeFloat } from "./float-text.ts";
import { writeHistogram } from "./histogram-text.ts";
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
 *     {"metric":{"a":"b"},"values":[[1700000000,"1.5"],…],"histograms":[[1700000015,{…}],…]},…
 *   ],"stats":{…}},"warnings":[…],"infos":[…]}
 *
 * `begin`, then series or samples, then `end`; or `scalar` or `text` alone in between.
 */
export interface AnswerWriter {
  begin(type: ResultType): void;
  /** One series of a matrix; entries `[from, to)` of both columns. */
  series(labels: Labels, samples: Samples): void;
  /** One series of a matrix at those steps of the writer's grid that are present. */
  steps(labels: Labels, steps: StepValues): void;
  /** One element of a vector. */
  sample(labels: Labels, timeMs: number, value: number | FloatHistogram): void;
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

/** Samples of one series of a matrix; where there is a histogram it is the sample. */
export interface Samples {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: readonly (FloatHistogram | undefined)[] | undefined;
  readonly from: number;
  readonly to: number;
}

/** Values of one series by step; where there is a histogram it is the sample. */
export interface StepValues {
  readonly values: Float64Array;
  /** A bit per step: whether there is a sample. */
  readonly present: Uint32Array;
  readonly histograms?: readonly (FloatHistogram | undefined)[] | undefined;
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
const colon = 0x3a;
const quote = 0x22;

/** Starts an answer; `steps` needs the grid. */
export function createAnswerWriter(grid?: TimeGrid): AnswerWriter {
  return new Writer(grid === undefined ? undefined : makeTimeTexts(grid));
}

/** Entries `[from, to)` of a column of histograms, with the times of those that count. */
interface HistogramRange {
  readonly from: number;
  readonly to: number;
  readonly timeOf: (i: number) => number | undefined;
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
    if (samples.histograms === undefined) this.#values(samples);
    else this.#mixed(samples, samples.histograms);
    this.#ascii("}");
  }

  steps(labels: Labels, { values, present, histograms }: StepValues): void {
    this.#metric(labels);
    if (histograms === undefined) this.#stepValues(values, present);
    else {
      const floats = present.slice();
      for (let i = 0; i < histograms.length; i++) {
        if (histograms[i] !== undefined) floats[i >>> 5]! &= ~(1 << (i & 31));
      }
      if (floats.some((word) => word !== 0)) this.#stepValues(values, floats);
      const { startMs, stepMs } = defined(this.#times, "a grid").grid;
      const isPresent = (i: number): boolean => (present[i >>> 5]! & (1 << (i & 31))) !== 0;
      this.#histograms(histograms, {
        ...{ from: 0, to: histograms.length },
        timeOf: (i) => (isPresent(i) ? startMs + i * stepMs : undefined),
      });
    }
    this.#ascii("}");
  }

  sample(labels: Labels, timeMs: number, value: number | FloatHistogram): void {
    this.#metric(labels);
    const buffer = this.#buffer;
    if (typeof value !== "number") {
      this.#ascii(',"histogram":');
      this.#histogram(timeMs, value);
      this.#ascii("}");
      return;
    }
    this.#ascii(',"value":');
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

  /** Writes `,"values":[…]` of floats alone. */
  #values(samples: Samples): void {
    this.#ascii(',"values":[');
    this.#run(samples);
    this.#closeList(samples.to <= samples.from);
  }

  /** Writes `[time,"value"],` for each sample, without end. */
  #run(samples: Samples): void {
    for (let from = samples.from; from < samples.to; from += samplesPerReserve) {
      const to = Math.min(samples.to, from + samplesPerReserve);
      reserve(this.#buffer, (to - from) * sampleSizeBytesMax);
      writeSamples(this.#buffer, { ...samples, from, to });
    }
  }

  /** Writes floats, if there are any, then histograms, if there are any. */
  #mixed(samples: Samples, histograms: readonly (FloatHistogram | undefined)[]): void {
    let hasFloats = false;
    for (let from = samples.from; from < samples.to; from++) {
      let to = from;
      while (to < samples.to && histograms[to] === undefined) to++;
      if (to === from) continue;
      if (!hasFloats) this.#ascii(',"values":[');
      hasFloats = true;
      this.#run({ ...samples, from, to });
      from = to;
    }
    if (hasFloats) this.#closeList(false);
    const { from, to, timesMs } = samples;
    this.#histograms(histograms, { from, to, timeOf: (i) => timesMs[i] });
  }

  #stepValues(values: Float64Array, present: Uint32Array): void {
    const times = defined(this.#times, "a grid");
    const { steps } = times.grid;
    const buffer = this.#buffer;
    this.#ascii(',"values":[');
    let isEmpty = true;
    for (let from = 0; from < steps; from += samplesPerReserve) {
      const to = Math.min(steps, from + samplesPerReserve);
      reserve(buffer, (to - from) * sampleSizeBytesMax);
      const at = buffer.length;
      writeSteps(buffer, { values, present, from, to }, times);
      isEmpty &&= buffer.length === at;
    }
    this.#closeList(isEmpty);
  }

  /** Writes `,"histograms":[…]`, of those that have a time; nothing when none has. */
  #histograms(histograms: readonly (FloatHistogram | undefined)[], wanted: HistogramRange): void {
    let isFirst = true;
    for (let i = wanted.from; i < wanted.to; i++) {
      const histogram = histograms[i];
      const timeMs = wanted.timeOf(i);
      if (histogram === undefined || timeMs === undefined) continue;
      this.#ascii(isFirst ? ',"histograms":[' : ",");
      isFirst = false;
      this.#histogram(timeMs, histogram);
    }
    if (!isFirst) this.#ascii("]");
  }

  /** Writes `[time,{…}]`. */
  #histogram(timeMs: number, histogram: FloatHistogram): void {
    const buffer = this.#buffer;
    reserve(buffer, timeSizeBytesMax + 2);
    buffer.bytes[buffer.length] = bracketOpen;
    buffer.length = writeTime(buffer.bytes, buffer.length + 1, timeMs);
    buffer.bytes[buffer.length++] = comma;
    writeHistogram(buffer, histogram);
    this.#ascii("]");
  }

  /** Each sample has a comma behind it; the list's end takes the last one's place. */
  #closeList(isEmpty: boolean): void {
    const buffer = this.#buffer;
    if (!isEmpty) buffer.length--;
    reserve(buffer, 1);
    buffer.bytes[buffer.length++] = bracketClose;
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
function writeSamples(buffer: PieceBuffer, samples: Samples): void {
  const { timesMs, values } = samples;
  const { bytes } = buffer;
  let at = buffer.length;
  for (let i = samples.from; i < samples.to; i++) {
    bytes[at++] = bracketOpen;
    at = writeValue(bytes, writeTime(bytes, at, timesMs[i]!), values[i]!);
  }
  buffer.length = at;
}

/** Steps `[from, to)` of a series; those whose bit is set have a value. */
interface Steps {
  readonly values: Float64Array;
  readonly present: Uint32Array;
  readonly from: number;
  readonly to: number;
}

/** The same for the steps of a grid, whose times are text already. */
function writeSteps(buffer: PieceBuffer, steps: Steps, texts: TimeTexts): void {
  const { values, present } = steps;
  const { starts } = texts;
  const { bytes } = buffer;
  let at = buffer.length;
  for (let i = steps.from; i < steps.to; i++) {
    if ((present[i >>> 5]! & (1 << (i & 31))) === 0) continue;
    bytes[at++] = bracketOpen;
    const end = starts[i + 1]!;
    for (let from = starts[i]!; from < end; from++) bytes[at++] = texts.bytes[from]!;
    at = writeValue(bytes, at, values[i]!);
  }
  buffer.length = at;
}

/** Writes `,"value"],` and returns the position behind it. */
function writeValue(bytes: Uint8Array, position: number, value: number): number {
  let at = position;
  bytes[at++] = comma;
  bytes[at++] = quote;
  at = writeFloat(bytes, at, value);
  bytes[at++] = quote;
  bytes[at++] = bracketClose;
  bytes[at++] = comma;
  return at;
}
