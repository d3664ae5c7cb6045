import {
  faultOddRefs,
  faultSymbolRange,
  reportExemplars,
  reportHistograms,
  reportMetadata,
  reportSamples,
  reportSeries,
} from "../layout";
import { checkHistogram } from "./histogram-wire";
import { report, reportClear, reportWireFault } from "./report";
import {
  expectType,
  fieldEnd,
  fieldFrom,
  fieldNumber,
  fieldType,
  isUsualSample,
  readField,
  readSample,
  readVarint,
  shortLabelEnd,
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

/** What was counted. */
let seriesSeen: u32 = 0;
let samplesSeen: u32 = 0;
let histogramsSeen: u32 = 0;
let exemplarsSeen: u32 = 0;
let metadataSeen: u32 = 0;

/** Walks a payload; true when the report has counts, false when it has a fault. */
export function scan(format: u32, from: usize, size: usize): bool {
  reportClear();
  wireStart();
  seriesSeen = 0;
  samplesSeen = 0;
  histogramsSeen = 0;
  exemplarsSeen = 0;
  metadataSeen = 0;
  const end = from + size;
  if (format == 1) scanWrite1(from, end);
  else if (countSymbols(from, end)) scanWrite2(from, end);
  store<u32>(report, seriesSeen, reportSeries);
  store<u32>(report, samplesSeen, reportSamples);
  store<u32>(report, histogramsSeen, reportHistograms);
  store<u32>(report, exemplarsSeen, reportExemplars);
  store<u32>(report, metadataSeen, reportMetadata);
  return !reportWireFault(from);
}

function scanWrite1(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == 3) {
      if (!expectType(wireBytes) || !scanFields(fieldFrom, fieldEnd)) return false;
      metadataSeen++;
    }
    if (fieldNumber != 1) continue;
    if (!expectType(wireBytes)) return false;
    seriesSeen++;
    if (!scanSeries1(fieldFrom, fieldEnd)) return false;
  }
  return true;
}

function scanSeries1(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    const next = shortLabelEnd(at, end);
    if (next != 0) {
      at = next;
    } else if (isUsualSample(at, end)) {
      at += 18;
      samplesSeen++;
    } else {
      if (!scanField1(at, end)) return false;
      at = scanned;
    }
  }
  return true;
}

/** Place behind the field that was scanned last. */
let scanned: usize = 0;

function scanField1(at: usize, end: usize): bool {
  if (!readField(at, end)) return false;
  scanned = wireAt;
  if (fieldNumber > 4) return true;
  if (!expectType(wireBytes)) return false;
  if (fieldNumber == 1) return scanLabel(fieldFrom, fieldEnd);
  if (fieldNumber == 2) {
    samplesSeen++;
    return readSample(fieldFrom, fieldEnd);
  }
  if (fieldNumber == 4) {
    histogramsSeen++;
    return checkHistogram(fieldFrom, fieldEnd);
  }
  exemplarsSeen++;
  return scanExemplar1(fieldFrom, fieldEnd);
}

function scanExemplar1(from: usize, end: usize): bool {
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber != 1) continue;
    if (!expectType(wireBytes) || !scanLabel(fieldFrom, fieldEnd)) return false;
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
    seriesSeen++;
    if (!scanSeries2(fieldFrom, fieldEnd)) return false;
  }
  return true;
}

function scanSeries2(from: usize, end: usize): bool {
  refs = 0;
  let at = from;
  while (at < end) {
    if (isUsualSample(at, end)) {
      at += 18;
      samplesSeen++;
      continue;
    }
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
      samplesSeen++;
    } else if (!scanOther2()) {
      return false;
    }
  }
  return (refs & 1) == 0 || wireFail(faultOddRefs, from);
}

/** Histograms, exemplars and metadata. */
function scanOther2(): bool {
  if (fieldNumber == 3) {
    histogramsSeen++;
    return checkHistogram(fieldFrom, fieldEnd);
  }
  if (fieldNumber == 4) exemplarsSeen++;
  else metadataSeen++;
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
