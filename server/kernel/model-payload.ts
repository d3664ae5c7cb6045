/** Reading of payloads for the kernel's twin: slow, allocating, and obviously right. */

/** A sample with its value as bits, so that every NaN stays what it is. */
export interface ModelSample {
  readonly timeMs: number;
  readonly bits: bigint;
}

/** A series message of a payload, and where it lies. */
export interface ModelMessage {
  /** Offset of the field's tag. */
  readonly fieldOffsetBytes: number;
  readonly labels: readonly (readonly [Uint8Array, Uint8Array])[];
  readonly samples: readonly ModelSample[];
  readonly histograms: number;
}

interface Field {
  readonly number: number;
  readonly type: number;
  readonly offsetBytes: number;
  /** The value of a varint. */
  readonly value: bigint;
  /** The bytes of any other value. */
  readonly bytes: Uint8Array;
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

class MalformedPayload extends Error {}

function readVarint(bytes: Uint8Array, from: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) throw new MalformedPayload("a varint is cut off");
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) {
      if (value >= 1n << 64n) throw new MalformedPayload("a varint has more than 64 bits");
      return { value, next: from + i + 1 };
    }
  }
  throw new MalformedPayload("a varint is too long");
}

function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    if (tag.value > 0xffff_ffffn || tag.value < 8n) throw new MalformedPayload("a bad tag");
    const type = Number(tag.value & 7n);
    let from = tag.next;
    let size: number;
    let value = 0n;
    if (type === varintType) {
      const read = readVarint(bytes, from);
      value = read.value;
      size = read.next - from;
    } else if (type === bytesType) {
      const read = readVarint(bytes, from);
      from = read.next;
      if (read.value > BigInt(bytes.length - from)) throw new MalformedPayload("a field is cut");
      size = Number(read.value);
    } else {
      size = type === 1 ? 8 : type === 5 ? 4 : -1;
      if (size < 0 || size > bytes.length - from) throw new MalformedPayload("a bad field");
    }
    const number = Number(tag.value >> 3n);
    fields.push({ number, type, offsetBytes: at, value, bytes: bytes.subarray(from, from + size) });
    at = from + size;
  }
  return fields;
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
  return { timeMs: Number(BigInt.asIntN(64, time)), bits };
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
      samples: ofNumber(fields, 2).map((sample) => readSample(sample.bytes)),
      histograms: ofNumber(fields, 4).length,
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
      samples: ofNumber(fields, 2).map((sample) => readSample(sample.bytes)),
      histograms: ofNumber(fields, 3).length,
    };
  });
}

/** References of one field, packed or single. */
function refsOf(field: Field): bigint[] {
  if (field.type === varintType) return [field.value];
  if (field.type !== bytesType) throw new MalformedPayload("a wrong wire type");
  const refs: bigint[] = [];
  for (let at = 0; at < field.bytes.length; ) {
    const { value, next } = readVarint(field.bytes, at);
    refs.push(value);
    at = next;
  }
  return refs;
}
