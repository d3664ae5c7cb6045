import {
  faultOddRefs,
  faultSymbolRange,
  reportExemplars,
  reportHistograms,
  reportMetadata,
  reportSamples,
  reportSeries,
} from "../layout";
import { report, reportClear, reportWireFault } from "./report";
import {
  expectType,
  fieldEnd,
  fieldFrom,
  fieldNumber,
  fieldType,
  readField,
  readSample,
  readVarint,
  wireAt,
  wireBytes,
  wireFail,
  wireFault,
  wireStart,
  wireVarint,
} from "./wire";

/** Validation and counting of payloads: the structure that `resolve` relies on, and no more. */

/** Symbols of the payload being scanned. */
let symbols: u32 = 0;
/** References of the message being scanned. */
let refs: u32 = 0;

function count(field: usize): void {
  store<u32>(report + field, load<u32>(report + field) + 1);
}

/** Walks a payload; true when the report has counts, false when it has a fault. */
export function scan(format: u32, from: usize, size: usize): bool {
  reportClear();
  wireStart();
  const end = from + size;
  if (format == 1) scanWrite1(from, end);
  else if (countSymbols(from, end)) scanWrite2(from, end);
  return !reportWireFault(from);
}

function scanWrite1(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == 3) {
      if (!expectType(wireBytes) || !scanFields(fieldFrom, fieldEnd)) return false;
      count(reportMetadata);
    }
    if (fieldNumber != 1) continue;
    if (!expectType(wireBytes)) return false;
    count(reportSeries);
    if (!scanSeries1(fieldFrom, fieldEnd)) return false;
  }
  return true;
}

/**
 * Skips the labels at the front of a series that are encoded as every sender encodes them:
 * name and value once each, in this order, with lengths of one byte that fill the field
 * exactly. Returns the place of the first field that is something else; most series have none
 * but their sample there. Ten times cheaper than field by field, which takes over from there.
 */
function skipPlainLabels(from: usize, end: usize): usize {
  let at = from;
  while (end - at >= 6 && load<u8>(at) == 0x0a) {
    const size = <usize>load<u8>(at, 1);
    const next = at + 2 + size;
    if (size > 0x7f || next > end || load<u8>(at, 2) != 0x0a) break;
    const value = at + 4 + <usize>load<u8>(at, 3);
    if (value + 2 > next || load<u8>(value) != 0x12) break;
    if (value + 2 + <usize>load<u8>(value, 1) != next) break;
    at = next;
  }
  return at;
}

/** High bits of the six bytes of a varint that holds a time of this century. */
const timeMask: u64 = 0x808080808080;
const timeBits: u64 = 0x008080808080;

/** Whether a series ends here with one sample in the form that every sender writes. */
function isPlainSample(at: usize, end: usize): bool {
  return (
    end - at == 18 &&
    load<u16>(at) == 0x1012 &&
    load<u8>(at, 2) == 0x09 &&
    load<u8>(at, 11) == 0x10 &&
    (load<u64>(at, 12) & timeMask) == timeBits
  );
}

function scanSeries1(from: usize, end: usize): bool {
  let at = skipPlainLabels(from, end);
  if (isPlainSample(at, end)) {
    count(reportSamples);
    return true;
  }
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber > 4) continue;
    if (!expectType(wireBytes)) return false;
    if (fieldNumber == 1) {
      if (!scanLabel(fieldFrom, fieldEnd)) return false;
    } else if (fieldNumber == 2) {
      if (!readSample(fieldFrom, fieldEnd)) return false;
      count(reportSamples);
    } else {
      count(fieldNumber == 3 ? reportExemplars : reportHistograms);
      if (!scanFields(fieldFrom, fieldEnd)) return false;
    }
  }
  return true;
}

function scanLabel(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber <= 2 && !expectType(wireBytes)) return false;
  }
  return true;
}

/** Walks a message of which only the framing matters. */
function scanFields(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
  }
  return true;
}

function countSymbols(from: usize, end: usize): bool {
  symbols = 0;
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber != 4) continue;
    if (!expectType(wireBytes)) return false;
    symbols++;
  }
  return true;
}

function scanWrite2(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber != 5) continue;
    if (!expectType(wireBytes)) return false;
    count(reportSeries);
    if (!scanSeries2(fieldFrom, fieldEnd)) return false;
  }
  return true;
}

function scanSeries2(from: usize, end: usize): bool {
  refs = 0;
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == 1) {
      if (!scanRefs()) return false;
      continue;
    }
    if (fieldNumber > 5) continue;
    if (!expectType(wireBytes)) return false;
    if (fieldNumber == 2) {
      if (!readSample(fieldFrom, fieldEnd)) return false;
      count(reportSamples);
    } else if (!scanOther2()) {
      return false;
    }
  }
  return (refs & 1) == 0 || wireFail(faultOddRefs, from);
}

/** Histograms, exemplars and metadata. */
function scanOther2(): bool {
  const kind: usize =
    fieldNumber == 3 ? reportHistograms : fieldNumber == 4 ? reportExemplars : reportMetadata;
  count(kind);
  return scanFields(fieldFrom, fieldEnd);
}

/** Label references: packed or single, each within the symbols. */
function scanRefs(): bool {
  if (fieldType != wireVarint && !expectType(wireBytes)) return false;
  const end = fieldEnd;
  let at = fieldFrom;
  while (at < end) {
    const ref = readVarint(at, end);
    if (wireFault != 0) return false;
    if (ref >= <u64>symbols) return wireFail(faultSymbolRange, at);
    refs++;
    at = wireAt;
  }
  return true;
}
