import { sameBytes } from "./bytes";
import { checkHistogram } from "./histogram-wire";
import { labelAdd, labelIsCanonical, labelsBegin } from "./labels";
import {
  findOrJudge,
  foundSeries,
  guessNext,
  partBegin,
  partEnd,
  partFault,
  payloadDone,
  payloadEnd,
  previousSeries,
  seriesBegin,
  seriesFollows,
  takeForFound,
  takeMessage,
  takeRead,
} from "./resolve";
import { pairRaw, pairRawSize, seriesLabelsSize, seriesPairList, seriesPairs } from "./structs";
import {
  expectType,
  fieldEnd,
  fieldFrom,
  fieldNumber,
  readField,
  readSample,
  shortLabelEnd,
  varintSize,
  wireAt,
  wireBytes,
  wireFault,
} from "./wire";

/**
 * Resolution of remote write 1.0. The fast path compares the message with the series that
 * followed last time, byte by byte and without parsing labels; whatever it does not recognise
 * is read in full.
 */

/** Resolves fields from `offset` on until the payload or the part is at its end. */
export function resolveWrite1(tenant: usize, from: usize, size: usize, offset: u32): bool {
  let at = partBegin(tenant, from, size, offset);
  while (at < payloadEnd) {
    const field = at;
    if (!readField(at, payloadEnd)) return faulty();
    at = wireAt;
    if (fieldNumber != 1) continue;
    if (!expectType(wireBytes)) return faulty();
    const body = fieldFrom;
    const end = fieldEnd;
    seriesBegin(body, end);
    const guess = guessNext();
    const go =
      guess != 0 && matches(guess, body, end)
        ? takeKnown(guess, body, end)
        : takeAny(tenant, body, end);
    if (wireFault != 0) return faulty();
    if (!go) {
      partEnd(field);
      return true;
    }
  }
  payloadDone();
  return true;
}

function faulty(): bool {
  partFault();
  return false;
}

/**
 * Whether the message begins with exactly the labels of `series`, and holds nothing but samples
 * and histograms of well-formed lengths behind them.
 */
function matches(series: usize, body: usize, end: usize): bool {
  const size: usize = load<u32>(series, seriesLabelsSize);
  if (size >= end - body) return false;
  let at = body;
  const last = series + ((<usize>load<u32>(series, seriesPairs)) << 2);
  for (let entry = series; entry < last; entry += 4) {
    const pair: usize = load<u32>(entry, seriesPairList);
    const bytes: usize = load<u32>(pair, pairRawSize);
    if (!sameBytes(pair + pairRaw, at, bytes)) return false;
    at += bytes;
  }
  while (at + 2 <= end) {
    const length: usize = load<u8>(at, 1);
    if (load<u8>(at) == 0x12 && length < 0x80) at += 2 + length;
    else if (load<u8>(at) == 0x22 && readField(at, end)) at = wireAt;
    else return false;
  }
  return at == end;
}

/** Takes the samples of a message that `matches` accepted; false when the part must end. */
function takeKnown(series: usize, body: usize, end: usize): bool {
  let at = body + load<u32>(series, seriesLabelsSize);
  while (at < end) {
    if (load<u8>(at) == 0x12) {
      const length: usize = load<u8>(at, 1);
      if (!readSample(at + 2, at + 2 + length)) return true;
      if (!takeRead(series)) return false;
      at += 2 + length;
    } else {
      if (!readField(at, end)) return true;
      at = wireAt;
      if (!takeMessage(series, fieldFrom, fieldEnd)) return false;
      if (wireFault != 0) return true;
    }
  }
  seriesFollows(series, true);
  return true;
}

/** What `readSeries1` counted, and where the first field of a sample or histogram begins. */
let samples: u32 = 0;
let histograms: u32 = 0;
let firstSample: usize = 0;

/** Reads a message in full: labels anywhere and in any order, any field it knows. */
function takeAny(tenant: usize, body: usize, end: usize): bool {
  if (!readSeries1(body, end, previousSeries())) return true;
  if (samples == 0 && histograms == 0) return true;
  if (!findOrJudge(samples + histograms)) return true;
  let at = firstSample;
  while (at < end) {
    if (!readField(at, end)) return true;
    at = wireAt;
    if (fieldNumber == 2) {
      if (!readSample(fieldFrom, fieldEnd)) return true;
      if (!takeForFound()) return false;
    } else if (fieldNumber == 4) {
      if (!takeMessage(0, fieldFrom, fieldEnd)) return false;
    }
  }
  if (foundSeries != 0) seriesFollows(foundSeries, false);
  return true;
}

/**
 * Puts the labels of a TimeSeries message into the scratch, counts the rest, and checks every
 * field that is read later. `neighbour` is for `labelsBegin`.
 */
export function readSeries1(body: usize, end: usize, neighbour: usize): bool {
  labelsBegin(neighbour);
  samples = 0;
  histograms = 0;
  firstSample = end;
  let at = body;
  while (at < end) {
    const field = at;
    at = shortLabelEnd(field, end);
    if (at != 0) {
      addShortLabel(field, at);
      continue;
    }
    if (!readField(field, end)) return false;
    at = wireAt;
    if (fieldNumber > 4) continue;
    if (!expectType(wireBytes)) return false;
    if (fieldNumber == 1) {
      if (!readLabel(field, fieldFrom, fieldEnd)) return false;
    } else if (fieldNumber == 2) {
      if (firstSample == end) firstSample = field;
      samples++;
      if (!readSample(fieldFrom, fieldEnd)) return false;
    } else if (fieldNumber == 4) {
      if (firstSample == end) firstSample = field;
      histograms++;
      if (!checkHistogram(fieldFrom, fieldEnd)) return false;
    }
  }
  return true;
}

/** Adds a label that `shortLabelEnd` found. */
function addShortLabel(field: usize, end: usize): void {
  const nameSize = <u32>load<u8>(field, 3);
  const value = field + 6 + nameSize;
  labelAdd(field + 4, nameSize, value, <u32>(end - value));
  labelIsCanonical(field, <u32>(end - field));
}

/** Reads a Label message; the last name and the last value count, as in any protobuf reader. */
function readLabel(field: usize, from: usize, end: usize): bool {
  let name: usize = from;
  let nameSize: u32 = 0;
  let value: usize = from;
  let valueSize: u32 = 0;
  let fields = 0;
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber > 2) continue;
    if (!expectType(wireBytes)) return false;
    fields = fields * 4 + <i32>fieldNumber;
    if (fieldNumber == 1) {
      name = fieldFrom;
      nameSize = <u32>(fieldEnd - fieldFrom);
    } else {
      value = fieldFrom;
      valueSize = <u32>(fieldEnd - fieldFrom);
    }
  }
  labelAdd(name, nameSize, value, valueSize);
  const body = 2 + varintSize(nameSize) + nameSize + varintSize(valueSize) + valueSize;
  const canonical = fields == 6 && <u32>(end - from) == body;
  if (canonical && valueSize != 0 && <u32>(from - field) == 1 + varintSize(body)) {
    labelIsCanonical(field, <u32>(end - field));
  }
  return true;
}
