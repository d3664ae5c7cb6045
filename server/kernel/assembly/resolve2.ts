import { faultOddRefs, faultSymbolRange, labelsMax, refusedLabelCount } from "../layout";
import { checkHistogram } from "./histogram-wire";
import { labelAdd, labelCount, labelIsPair, labelLast, labelLookUp, labelsBegin } from "./labels";
import { spanAlloc, unitsOf } from "./memory";
import {
  findOrJudge,
  foundIs,
  foundSeries,
  guessNext,
  partBegin,
  partEnd,
  partFault,
  payloadDone,
  payloadEnd,
  seriesBegin,
  seriesFollows,
  takeForFound,
  takeMessage,
} from "./resolve";
import { refuse } from "./report";
import { seriesPairList, seriesPairs } from "./structs";
import {
  symbolCount,
  symbolPair,
  symbolPairFind,
  symbolPairIs,
  symbolPairsForget,
  symbolPointer,
  symbolSize,
  symbolsIndex,
} from "./symbols";
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
  wireVarint,
} from "./wire";

/**
 * Resolution of remote write 2.0: references become pairs through a memory of the payload, and
 * a series is known when its pairs are those of the series that followed last time.
 */

/** References of the message at hand; more than the scratch holds are counted only. */
export const refsMax: u32 = labelsMax * 2 + 2;
export let refs: usize = 0;
export let refCount: u32 = 0;
let samples: u32 = 0;
let histograms: u32 = 0;

/** Reserves the scratch of references; false when memory is out. */
export function resolve2Start(): bool {
  refs = spanAlloc(unitsOf(refsMax * 4));
  return refs != 0;
}

/** Resolves fields from `offset` on until the payload or the part is at its end. */
export function resolveWrite2(tenant: usize, from: usize, size: usize, offset: u32): bool {
  symbolPairsForget();
  if (!symbolsIndex(from, size)) return faulty();
  let at = partBegin(tenant, from, size, offset);
  while (at < payloadEnd) {
    const field = at;
    if (!readField(at, payloadEnd)) return faulty();
    at = wireAt;
    if (fieldNumber != 5) continue;
    if (!expectType(wireBytes)) return faulty();
    const body = fieldFrom;
    const end = fieldEnd;
    seriesBegin(body, end);
    const go = takeSeries(tenant, body, end);
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

function takeSeries(tenant: usize, body: usize, end: usize): bool {
  if (!readSeries2(body, end)) return true;
  if (samples == 0 && histograms == 0) return true;
  const guess = guessNext();
  const guessed = guess != 0 && matches(tenant, guess);
  if (guessed) foundIs(guess);
  else if (!findByLabels(tenant)) return true;
  let at = body;
  while (at < end) {
    if (!readField(at, end)) return true;
    at = wireAt;
    if (fieldNumber == 2) {
      if (!readSample(fieldFrom, fieldEnd)) return true;
      if (!takeForFound()) return false;
    } else if (fieldNumber == 3) {
      if (!takeMessage(0, fieldFrom, fieldEnd)) return false;
    }
  }
  if (foundSeries != 0) seriesFollows(foundSeries, guessed);
  return true;
}

/** Walks the message once: references into the scratch, samples and histograms counted. */
export function readSeries2(body: usize, end: usize): bool {
  refCount = 0;
  samples = 0;
  histograms = 0;
  let at = body;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == 1) {
      if (!readRefs()) return false;
    } else if (fieldNumber <= 5) {
      if (!expectType(wireBytes)) return false;
      if (fieldNumber == 2) {
        samples++;
        if (!readSample(fieldFrom, fieldEnd)) return false;
      } else if (fieldNumber == 3) {
        histograms++;
        if (!checkHistogram(fieldFrom, fieldEnd)) return false;
      }
    }
  }
  return (refCount & 1) == 0 || wireFail(faultOddRefs, body);
}

/** References of one field, packed or single. */
function readRefs(): bool {
  if (fieldType != wireVarint && !expectType(wireBytes)) return false;
  const end = fieldEnd;
  let at = fieldFrom;
  while (at < end) {
    const ref = readVarint(at, end);
    if (wireFault != 0) return false;
    if (ref >= <u64>symbolCount) return wireFail(faultSymbolRange, at);
    at = wireAt;
    if (refCount < refsMax) store<u32>(refs + (refCount << 2), <u32>ref);
    refCount++;
  }
  return true;
}

/** Whether the references are the pairs of a series, in its order. */
function matches(tenant: usize, series: usize): bool {
  const count = load<u32>(series, seriesPairs);
  if (refCount != count << 1) return false;
  for (let i: u32 = 0; i < count; i++) {
    const at = refs + (i << 3);
    const pair = symbolPairFind(tenant, load<u32>(at), load<u32>(at, 4));
    if (pair == 0 || load<u32>(series + (i << 2), seriesPairList) != <u32>pair) return false;
  }
  return true;
}

/** Puts the labels into the scratch and finds or judges their series. */
function findByLabels(tenant: usize): bool {
  labelsBegin(0);
  if (refCount > refsMax) {
    refuse(refusedLabelCount, samples + histograms, 0);
    return false;
  }
  const count = refCount >> 1;
  for (let i: u32 = 0; i < count; i++) {
    const name = load<u32>(refs + (i << 3));
    const value = load<u32>(refs + (i << 3), 4);
    const before = labelCount;
    labelAdd(symbolPointer(name), symbolSize(name), symbolPointer(value), symbolSize(value));
    if (labelCount == before) continue;
    let pair = symbolPair(name, value);
    if (pair == 0) {
      pair = labelLookUp(tenant, labelLast());
      if (pair != 0) symbolPairIs(name, value, pair);
    }
    labelIsPair(pair);
  }
  return findOrJudge(samples + histograms);
}
