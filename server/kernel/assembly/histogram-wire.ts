import { encodingFloatHistogram, encodingHistogram, faultMalformed } from "../layout";
import {
  customBounds,
  histogramClear,
  histogramCount,
  histogramHint,
  histogramKind,
  histogramSchema,
  histogramStart,
  histogramSum,
  histogramTime,
  histogramZeroCount,
  histogramZeroThreshold,
  listPush,
  negativeBuckets,
  negativeSpans,
  positiveBuckets,
  positiveSpans,
} from "./histogram-record";
import {
  expectType,
  fieldEnd,
  fieldFrom,
  fieldNumber,
  fieldType,
  readField,
  readVarint,
  wireAt,
  wireBytes,
  wireFail,
  wireFault,
  wireFixed64,
  wireVarint,
} from "./wire";

/**
 * Histogram messages of remote write, the same in both versions. Whatever lengths a message
 * claims, nothing is allocated: lists go into a scratch, or nowhere when only the structure is
 * to be checked.
 */

const fieldCountInteger: u32 = 1;
const fieldCountFloat: u32 = 2;
const fieldSum: u32 = 3;
const fieldSchema: u32 = 4;
const fieldZeroThreshold: u32 = 5;
const fieldZeroInteger: u32 = 6;
const fieldZeroFloat: u32 = 7;
const fieldNegativeSpans: u32 = 8;
const fieldNegativeDeltas: u32 = 9;
const fieldNegativeCounts: u32 = 10;
const fieldPositiveSpans: u32 = 11;
const fieldPositiveDeltas: u32 = 12;
const fieldPositiveCounts: u32 = 13;
const fieldHint: u32 = 14;
const fieldTime: u32 = 15;
const fieldCustom: u32 = 16;
const fieldStart: u32 = 17;

/** Checks a message's structure and reads nothing; false on a fault. */
export function checkHistogram(from: usize, end: usize): bool {
  return readFields(0, from, end);
}

/** Reads a message into a scratch; false on a fault. What it says is not judged. */
export function readHistogram(into: usize, from: usize, end: usize): bool {
  histogramClear(into);
  return readKind(into, from, end) && readFields(into, from, end);
}

/**
 * Counts are integers or floats: the field that stands last says which, and only lists of that
 * kind count, so it must be known first.
 */
function readKind(into: usize, from: usize, end: usize): bool {
  let kind: u32 = encodingHistogram;
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == fieldCountInteger) kind = encodingHistogram;
    else if (fieldNumber == fieldCountFloat) kind = encodingFloatHistogram;
  }
  store<u8>(into, kind, histogramKind);
  return true;
}

function readFields(into: usize, from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (!readOne(into)) return false;
  }
  return true;
}

/** Reads the field at hand. */
function readOne(into: usize): bool {
  switch (fieldNumber) {
    case fieldCountInteger:
    case fieldZeroInteger:
    case fieldSchema:
    case fieldHint:
    case fieldTime:
    case fieldStart:
      return readInteger(into);
    case fieldCountFloat:
    case fieldZeroFloat:
    case fieldSum:
    case fieldZeroThreshold:
      return readDouble(into);
    case fieldNegativeSpans:
      return readSpan(into, negativeSpans);
    case fieldPositiveSpans:
      return readSpan(into, positiveSpans);
    case fieldNegativeDeltas:
      return readDeltas(into, negativeBuckets);
    case fieldPositiveDeltas:
      return readDeltas(into, positiveBuckets);
    case fieldNegativeCounts:
      return readDoubles(into, negativeBuckets, encodingFloatHistogram);
    case fieldPositiveCounts:
      return readDoubles(into, positiveBuckets, encodingFloatHistogram);
    case fieldCustom:
      return readDoubles(into, customBounds, 0);
    default:
      return true;
  }
}

function readInteger(into: usize): bool {
  if (!expectType(wireVarint)) return false;
  if (into == 0) return true;
  const number = fieldNumber;
  const value = readVarint(fieldFrom, fieldEnd);
  const integers = load<u8>(into, histogramKind) == encodingHistogram;
  if (number == fieldTime) store<i64>(into, <i64>value, histogramTime);
  else if (number == fieldStart) store<i64>(into, <i64>value, histogramStart);
  else if (number == fieldSchema) store<i32>(into, unzigzag32(<u32>value), histogramSchema);
  else if (number == fieldHint) store<u8>(into, value <= 3 ? <u8>value : 0, histogramHint);
  else if (number == fieldCountInteger && integers) store<u64>(into, value, histogramCount);
  else if (number == fieldZeroInteger) store<u64>(into, integers ? value : 0, histogramZeroCount);
  return true;
}

function unzigzag32(value: u32): i32 {
  return <i32>(value >> 1) ^ -(<i32>(value & 1));
}

function readDouble(into: usize): bool {
  if (!expectType(wireFixed64)) return false;
  if (into == 0) return true;
  const bits = load<u64>(fieldFrom);
  const floats = load<u8>(into, histogramKind) == encodingFloatHistogram;
  if (fieldNumber == fieldSum) store<u64>(into, bits, histogramSum);
  else if (fieldNumber == fieldZeroThreshold) store<u64>(into, bits, histogramZeroThreshold);
  else if (fieldNumber == fieldCountFloat && floats) store<u64>(into, bits, histogramCount);
  else if (fieldNumber == fieldZeroFloat) store<u64>(into, floats ? bits : 0, histogramZeroCount);
  return true;
}

/** Reads a BucketSpan message; absent fields are zero. */
function readSpan(into: usize, list: usize): bool {
  if (!expectType(wireBytes)) return false;
  const end = fieldEnd;
  let at = fieldFrom;
  let offset: i32 = 0;
  let length: u32 = 0;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber > 2) continue;
    if (!expectType(wireVarint)) return false;
    const value = readVarint(fieldFrom, fieldEnd);
    if (fieldNumber == 1) offset = unzigzag32(<u32>value);
    else length = <u32>value;
  }
  if (into != 0) listPush(into, list, ((<u64>length) << 32) | <u64>(<u32>offset));
  return true;
}

/** Reads sint64 numbers, packed or single. */
function readDeltas(into: usize, list: usize): bool {
  if (fieldType != wireVarint && !expectType(wireBytes)) return false;
  const wanted = into != 0 && load<u8>(into, histogramKind) == encodingHistogram;
  const end = fieldEnd;
  let at = fieldFrom;
  while (at < end) {
    const value = readVarint(at, end);
    if (wireFault != 0) return false;
    at = wireAt;
    if (wanted) listPush(into, list, (value >> 1) ^ -(value & 1));
  }
  return true;
}

/** Reads doubles, packed or single, when the histogram is of the kind (0: of any). */
function readDoubles(into: usize, list: usize, kind: u32): bool {
  if (fieldType != wireFixed64 && !expectType(wireBytes)) return false;
  if (((fieldEnd - fieldFrom) & 7) != 0) return wireFail(faultMalformed, fieldFrom);
  if (into == 0 || (kind != 0 && load<u8>(into, histogramKind) != kind)) return true;
  for (let at = fieldFrom; at < fieldEnd; at += 8) listPush(into, list, load<u64>(at));
  return true;
}
