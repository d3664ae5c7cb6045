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

function scanSeries1(from: usize, end: usize): bool {
  let at = from;
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
