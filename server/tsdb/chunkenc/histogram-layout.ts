import { customSchema } from "../../model/index.ts";
import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/**
 * What all histograms of a chunk have in common. In the bytes:
 *
 *   zero threshold   1 byte: 0 for 0, else 243 more than the exponent of a power of two with the
 *                    fraction 0.5; or 255 and 8 bytes
 *   schema           varbit_int
 *   spans            varbit_uint, then per span length as varbit_uint and offset as varbit_int;
 *                    first those of positive buckets, then of negative ones
 *   custom bounds    with schema -53 only: varbit_uint, then each thousandfold and one more as
 *                    varbit_uint, or 0 and 8 bytes
 */
export interface HistogramLayout {
  readonly schema: number;
  readonly zeroThreshold: number;
  /** Indices of positive buckets, ascending. */
  readonly positive: readonly number[];
  /** Indices of negative buckets, ascending. */
  readonly negative: readonly number[];
  readonly customBounds: readonly number[];
}

/** Populated buckets of one histogram; at the finest resolution all floats together have fewer. */
const bucketsMax = 1 << 20;
/** Offsets of spans are 32-bit numbers there. */
const indexMax = 2 ** 31;
/** Custom bounds that are stored as whole numbers go up to this, thousandfold. */
const thousandfoldMax = 33_554_430;
const plainThreshold = 255;
const exponentBias = 243;

/** Schemas of exponential buckets that a chunk may have; finer ones than 8 are made coarser. */
const exponentialSchemas = { min: -9, max: 52 } as const;

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** Reads the layout. Throws CorruptionError. */
export function readLayout(reader: BitReader): HistogramLayout {
  const zeroThreshold = readThreshold(reader);
  const schema = reader.varbitInt();
  const isExponential = schema >= exponentialSchemas.min && schema <= exponentialSchemas.max;
  if (!isExponential && schema !== customSchema) {
    throw reader.fault(`has histograms of schema ${schema}, which is not known`);
  }
  const positive = readSpans(reader);
  const negative = readSpans(reader);
  if (positive.length + negative.length > bucketsMax) throw tooMany(reader);
  const customBounds = schema === customSchema ? readBounds(reader) : [];
  return { schema, zeroThreshold, positive, negative, customBounds };
}

function readThreshold(reader: BitReader): number {
  const byte = reader.bits(8);
  if (byte === 0) return 0;
  return byte === plainThreshold ? readFloat(reader) : 2 ** (byte - exponentBias - 1);
}

function readFloat(reader: BitReader): number {
  reader.words(scratchWords, 0);
  return scratch[0]!;
}

/** The indices that the spans cover. */
function readSpans(reader: BitReader): number[] {
  const count = reader.varbitUint();
  // A span takes two bits at least.
  if (count > reader.remaining) throw reader.fault(`has ${count} spans`);
  const indices: number[] = [];
  let index = 0;
  for (let i = 0; i < count; i++) {
    const length = reader.varbitUint();
    const offset = reader.varbitInt();
    if (i > 0 && offset < 0) throw reader.fault("has a span that goes back");
    index += offset;
    if (indices.length + length > bucketsMax) throw tooMany(reader);
    if (Math.abs(index) + length > indexMax) throw reader.fault("has a bucket beyond all floats");
    for (let k = 0; k < length; k++) indices.push(index++);
  }
  return indices;
}

function tooMany(reader: BitReader): Error {
  return reader.fault("has histograms of more buckets than floats have");
}

function readBounds(reader: BitReader): number[] {
  const count = reader.varbitUint();
  // A bound takes five bits at least.
  if (count > reader.remaining) throw reader.fault(`has ${count} custom bounds`);
  const bounds: number[] = [];
  for (let i = 0; i < count; i++) {
    const number = reader.varbitUint();
    bounds.push(number === 0 ? readFloat(reader) : (number - 1) / 1000);
  }
  return bounds;
}

/** Writes the layout. */
export function writeLayout(writer: BitWriter, layout: HistogramLayout): void {
  writeThreshold(writer, layout.zeroThreshold);
  writer.varbitInt(layout.schema);
  writeSpans(writer, layout.positive);
  writeSpans(writer, layout.negative);
  if (layout.schema !== customSchema) return;
  writer.varbitUint(layout.customBounds.length);
  for (const bound of layout.customBounds) writeBound(writer, bound);
}

function writeThreshold(writer: BitWriter, threshold: number): void {
  const exponent = Math.log2(threshold) + 1;
  const isPower = Number.isInteger(exponent) && 2 ** (exponent - 1) === threshold;
  if (threshold === 0) writer.bits(0, 8);
  else if (isPower && exponent >= -242 && exponent <= 11) writer.bits(exponent + exponentBias, 8);
  else {
    writer.bits(plainThreshold, 8);
    writeFloat(writer, threshold);
  }
}

function writeFloat(writer: BitWriter, value: number): void {
  scratch[0] = value;
  writer.words(scratchWords[1]!, scratchWords[0]!);
}

function writeSpans(writer: BitWriter, indices: readonly number[]): void {
  const starts = indices
    .map((_, i) => i)
    .filter((i) => i === 0 || indices[i] !== indices[i - 1]! + 1);
  writer.varbitUint(starts.length);
  for (const [span, start] of starts.entries()) {
    writer.varbitUint((starts[span + 1] ?? indices.length) - start);
    writer.varbitInt(start === 0 ? indices[0]! : indices[start]! - indices[start - 1]! - 1);
  }
}

function writeBound(writer: BitWriter, bound: number): void {
  const thousandfold = bound * 1000;
  const whole = Math.round(thousandfold);
  if (thousandfold >= 0 && thousandfold <= thousandfoldMax && whole / 1000 === bound) {
    writer.varbitUint(whole + 1);
  } else {
    writer.bits(0, 1);
    writeFloat(writer, bound);
  }
}
