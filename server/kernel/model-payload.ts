import { type ModelHistogram, readModelHistogram } from "./model-histogram.ts";
import { type Field, MalformedPayload, readFields } from "./model-wire.ts";

/** Reading of payloads for the kernel's twin: slow, allocating, and obviously right. */

/** A sample with its value as bits, so that every NaN stays what it is. */
export interface ModelSample {
  readonly timeMs: number;
  readonly bits: bigint;
  /** When the counting of a float began, ms; only of tenants that store it. */
  readonly startMs?: number;
  /** The sample is a histogram; its bits mean nothing. */
  readonly histogram?: ModelHistogram;
  /** Its message. */
  readonly message?: Uint8Array;
}

/** A series message of a payload, and where it lies. */
export interface ModelMessage {
  /** Offset of the field's tag. */
  readonly fieldOffsetBytes: number;
  readonly labels: readonly (readonly [Uint8Array, Uint8Array])[];
  /** Floats and histograms as they stand in the message. */
  readonly samples: readonly ModelSample[];
}

const varintType = 0;
const bytesType = 2;

/** The series messages of a payload in order; undefined when it is malformed. */
export function readPayload(
  format: 1 | 2,
  payload: Uint8Array,
): readonly ModelMessage[] | undefined {
  try {
    return format === 1 ? readWrite1(payload) : readWrite2(payload);
  } catch (error) {
    if (error instanceof MalformedPayload) return undefined;
    throw error;
  }
}

/** Fields of a number, all of the wire type that they must have. */
function ofNumber(fields: readonly Field[], number: number, type = bytesType): readonly Field[] {
  const found = fields.filter((field) => field.number === number);
  if (found.some((field) => field.type !== type)) throw new MalformedPayload("a wrong wire type");
  return found;
}

function readSample(bytes: Uint8Array): ModelSample {
  const fields = readFields(bytes);
  const value = ofNumber(fields, 1, 1).at(-1)?.bytes;
  const time = ofNumber(fields, 2, varintType).at(-1)?.value ?? 0n;
  const bits = value === undefined ? 0n : Buffer.from(value).readBigUInt64LE();
  const start = fields.findLast(({ number, type }) => number === 3 && type === varintType);
  const startMs = Number(BigInt.asIntN(64, start?.value ?? 0n));
  return { timeMs: Number(BigInt.asIntN(64, time)), bits, startMs };
}

/** Samples in the order of their fields. */
function samplesOf(
  fields: readonly Field[],
  numbers: { readonly float: number; readonly histogram: number },
): ModelSample[] {
  ofNumber(fields, numbers.float);
  ofNumber(fields, numbers.histogram);
  return fields.flatMap(({ number, bytes }): ModelSample[] => {
    if (number === numbers.float) return [readSample(bytes)];
    if (number !== numbers.histogram) return [];
    const histogram = readModelHistogram(bytes);
    return [{ timeMs: histogram.timeMs, bits: 0n, histogram, message: bytes }];
  });
}

const noBytes = new Uint8Array(0);

function readWrite1(payload: Uint8Array): ModelMessage[] {
  return ofNumber(readFields(payload), 1).map((field) => {
    const fields = readFields(field.bytes);
    const labels = ofNumber(fields, 1).map((label) => {
      const parts = readFields(label.bytes);
      const name = ofNumber(parts, 1).at(-1)?.bytes ?? noBytes;
      return [name, ofNumber(parts, 2).at(-1)?.bytes ?? noBytes] as const;
    });
    ofNumber(fields, 3);
    return {
      fieldOffsetBytes: field.offsetBytes,
      labels,
      samples: samplesOf(fields, { float: 2, histogram: 4 }),
    };
  });
}

function readWrite2(payload: Uint8Array): ModelMessage[] {
  const top = readFields(payload);
  const symbols = ofNumber(top, 4).map((field) => field.bytes);
  return ofNumber(top, 5).map((field) => {
    const fields = readFields(field.bytes);
    const refs = fields.filter((one) => one.number === 1).flatMap(refsOf);
    if (refs.length % 2 !== 0) throw new MalformedPayload("odd label references");
    const strings = refs.map((ref) => {
      const symbol = ref < symbols.length ? symbols[Number(ref)] : undefined;
      if (symbol === undefined) throw new MalformedPayload("a symbol out of range");
      return symbol;
    });
    ofNumber(fields, 4);
    ofNumber(fields, 5);
    return {
      fieldOffsetBytes: field.offsetBytes,
      labels: strings.flatMap((name, i) =>
        i % 2 === 0 ? [[name, strings[i + 1] ?? noBytes] as const] : [],
      ),
      samples: samplesOf(fields, { float: 2, histogram: 3 }),
    };
  });
}

/** References of one field, packed or single. */
function refsOf(field: Field): bigint[] {
  if (field.type === varintType) return [field.value];
  if (field.type !== bytesType) throw new MalformedPayload("a wrong wire type");
  return field.varints();
}
