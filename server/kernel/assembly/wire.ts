import { faultMalformed, faultNone, faultTruncated } from "../layout";

/**
 * Protobuf's wire format, read with a moving position. A reader never passes its `end`; the
 * first fault is kept with its place, and readers return harmless values after it.
 */

/** Position after what was read last. */
export let wireAt: usize = 0;
/** Fault kind met since `wireStart`, and where. */
export let wireFault: u32 = faultNone;
export let wireFaultAt: usize = 0;

/** Field number and wire type of the field read by `readField`. */
export let fieldNumber: u32 = 0;
export let fieldType: u32 = 0;
/** Body of a length-delimited field; or the place of a varint or fixed value and its end. */
export let fieldFrom: usize = 0;
export let fieldEnd: usize = 0;

export const wireVarint: u32 = 0;
export const wireFixed64: u32 = 1;
export const wireBytes: u32 = 2;
const wireFixed32: u32 = 5;

/** Forgets a former fault. */
export function wireStart(): void {
  wireFault = faultNone;
  wireFaultAt = 0;
}

/** Moves the reader's position. */
export function wireSeek(at: usize): void {
  wireAt = at;
}

/** Notes a fault; the first one stays. Returns false, so that callers can return it. */
export function wireFail(fault: u32, at: usize): bool {
  if (wireFault == faultNone) {
    wireFault = fault;
    wireFaultAt = at;
  }
  return false;
}

/** Reads a varint of at most 10 bytes at `from`; `wireAt` is then behind it. */
export function readVarint(from: usize, end: usize): u64 {
  if (from + 2 <= end) {
    const first = <u32>load<u8>(from);
    if (first < 0x80) {
      wireAt = from + 1;
      return first;
    }
    const second = <u32>load<u8>(from, 1);
    if (second < 0x80) {
      wireAt = from + 2;
      return (first & 0x7f) | (second << 7);
    }
  }
  return readLongVarint(from, end);
}

function readLongVarint(from: usize, end: usize): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  let at = from;
  while (at < end) {
    const byte = <u64>load<u8>(at);
    at++;
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      wireAt = at;
      return value;
    }
    shift += 7;
  }
  wireAt = at;
  wireFail(at >= end && shift < 64 ? faultTruncated : faultMalformed, from);
  return 0;
}

/**
 * Reads one field at `from`: its tag and the bounds of its value. `wireAt` is then behind the
 * whole field. False on a fault: lengths past `end`, groups, field number 0 or above 2^29 - 1.
 */
export function readField(from: usize, end: usize): bool {
  const tag = readVarint(from, end);
  if (wireFault != faultNone) return false;
  if (tag > 0xffffffff || tag < 8) return wireFail(faultMalformed, from);
  fieldNumber = <u32>tag >> 3;
  fieldType = <u32>tag & 7;
  fieldFrom = wireAt;
  if (fieldType == wireBytes) {
    const size = readVarint(wireAt, end);
    if (wireFault != faultNone) return false;
    if (size > <u64>(end - wireAt)) return wireFail(faultTruncated, from);
    fieldFrom = wireAt;
    fieldEnd = wireAt + <usize>size;
  } else if (fieldType == wireVarint) {
    readVarint(wireAt, end);
    if (wireFault != faultNone) return false;
    fieldEnd = wireAt;
  } else {
    const size: usize = fieldType == wireFixed64 ? 8 : fieldType == wireFixed32 ? 4 : 0;
    if (size == 0) return wireFail(faultMalformed, from);
    if (size > end - wireAt) return wireFail(faultTruncated, from);
    fieldEnd = wireAt + size;
  }
  wireAt = fieldEnd;
  return true;
}

/** Whether the field just read has the wire type it must have; a fault otherwise. */
export function expectType(type: u32): bool {
  return fieldType == type || wireFail(faultMalformed, fieldFrom);
}

/**
 * Place behind a canonical Label field of remote write 1.0 at `from` whose lengths take one byte
 * each, as nearly all do; 0 when there is something else. Its name begins at +4.
 */
export function shortLabelEnd(from: usize, end: usize): usize {
  if (end - from < 7 || load<u8>(from) != 0x0a || load<u8>(from, 2) != 0x0a) return 0;
  const size: usize = load<u8>(from, 1);
  const nameSize: usize = load<u8>(from, 3);
  if (size >= 0x80 || size > end - from - 2 || nameSize + 5 > size) return 0;
  const tag = from + 4 + nameSize;
  if (load<u8>(tag) != 0x12 || nameSize + load<u8>(tag, 1) + 4 != size) return 0;
  return from + 2 + size;
}

/**
 * Whether a samples field with a value and a time of six varint bytes (the years 1971 to 2109)
 * stands at `from`: 18 bytes, with both tags where they usually are.
 */
export function isUsualSample(from: usize, end: usize): bool {
  if (end - from < 18 || load<u16>(from) != 0x1012) return false;
  if (load<u8>(from, 2) != 0x09 || load<u8>(from, 11) != 0x10) return false;
  return (load<u64>(from, 10) & 0x8080808080800000) == 0x0080808080800000;
}

/** Time and value of the sample read by `readSample`, and when its counting began, 0: not said. */
export let sampleTime: i64 = 0;
export let sampleBits: u64 = 0;
export let sampleStart: i64 = 0;

/**
 * Reads a Sample message of either format; absent fields are zero. Senders of 1.0 know no start,
 * but series that move to another shard have it in that format too. False on a fault.
 */
export function readSample(from: usize, end: usize): bool {
  sampleTime = 0;
  sampleBits = 0;
  sampleStart = 0;
  if (end - from >= 11 && load<u8>(from) == 0x09 && load<u8>(from, 9) == 0x10) {
    sampleBits = load<u64>(from, 1);
    sampleTime = <i64>readVarint(from + 10, end);
    if (wireFault != faultNone) return false;
    if (wireAt == end) return true;
  }
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == 1) {
      if (!expectType(wireFixed64)) return false;
      sampleBits = load<u64>(fieldFrom);
    } else if (fieldNumber == 2) {
      if (!expectType(wireVarint)) return false;
      sampleTime = <i64>readVarint(fieldFrom, fieldEnd);
      wireAt = at;
    } else if (fieldNumber == 3 && fieldType == wireVarint) {
      sampleStart = <i64>readVarint(fieldFrom, fieldEnd);
      wireAt = at;
    }
  }
  return true;
}

/** Bytes of a number as a varint. */
export function varintSize(value: u32): u32 {
  return (38 - clz<u32>(value | 1)) / 7;
}

/** Writes a varint and returns the place behind it. */
export function writeVarint(to: usize, value: u32): usize {
  let at = to;
  let rest = value;
  while (rest >= 0x80) {
    store<u8>(at, rest | 0x80);
    rest >>= 7;
    at++;
  }
  store<u8>(at, rest);
  return at + 1;
}
