import {
  histogramMessageSizeMax,
  refusedBuckets,
  refusedHistogram,
  refusedKernelSeries,
  refusedTenantSeries,
  reportNextOffset,
} from "../layout";
import { judgeHistogram } from "./histogram-judge";
import { histogramTime, incoming } from "./histogram-record";
import { readHistogram } from "./histogram-wire";
import { judgeLabels, labelCount, labelScratch, labelsFindSeries } from "./labels";
import { memoryLeft, memoryUsed } from "./memory";
import { refusalPlace, refuse, report } from "./report";
import { judgeNew, partFull, rowsAbandon, rowsReserve, takeHistogram, takeSample } from "./rows";
import { seriesCount, seriesCreate, seriesOf } from "./series";
import {
  seriesRef,
  seriesSuccessor,
  seriesTenant,
  tenantBucketsMax,
  tenantHistograms,
  tenantLastRef,
  tenantSeries,
  tenantSeriesMax,
} from "./structs";
import { sampleBits, sampleTime } from "./wire";

/**
 * What both formats share while a payload is resolved: the series that came before, the place
 * where a part that was full goes on, and the birth of series.
 */

/** Payload, its end, and the tenant it belongs to. */
export let payload: usize = 0;
export let payloadEnd: usize = 0;
export let tenant: usize = 0;

/** Series resolved last in this payload; its successor word is the guess for the next. */
let previous: usize = 0;

/** Samples of the series at `resumeOffset` that former parts have seen; 0: none. */
let resumeSamples: u32 = 0;
let resumeOffset: u32 = 0;
/** Samples of the present series to be skipped, and the number of the one at hand. */
let skipSamples: u32 = 0;
let sampleNumber: u32 = 0;

/** Memory in use from which on no new series are taken. */
let seriesMemoryMax: u64 = 0;
/** Series of all tenants at most; 0: no such bound. */
let seriesMax: u32 = 0;

/** Sets how many series there may be; 0: no such bound. */
export function resolveStart(most: u32): void {
  seriesMax = most;
}

/** Sets the memory from which on new series are refused. */
export function resolveMemory(most: u64): void {
  seriesMemoryMax = most;
}

/**
 * Begins a part at `offset`. An offset that a former part returned inside a series (one behind
 * the first byte of its field, where no field can begin) leads back to that series.
 */
export function partBegin(forTenant: usize, from: usize, size: usize, offset: u32): usize {
  tenant = forTenant;
  payload = from;
  payloadEnd = from + size;
  previous = seriesOf(load<u32>(tenant, tenantLastRef));
  skipSamples = 0;
  if (resumeSamples != 0 && offset == resumeOffset && offset != 0) {
    skipSamples = resumeSamples;
    resumeSamples = 0;
    return from + offset - 1;
  }
  resumeSamples = 0;
  return from + offset;
}

/** Ends a part at a field that is resolved up to the sample at hand. */
export function partEnd(field: usize): void {
  const offset = <u32>(field - payload);
  const inside = sampleNumber != 0;
  resumeSamples = inside ? sampleNumber : 0;
  resumeOffset = inside ? offset + 1 : offset;
  store<u32>(report, resumeOffset, reportNextOffset);
  rememberLast();
}

/** Ends the payload: all was seen. */
export function payloadDone(): void {
  resumeSamples = 0;
  store<u32>(report, <u32>(payloadEnd - payload), reportNextOffset);
  rememberLast();
}

function rememberLast(): void {
  if (previous != 0) store<u32>(tenant, load<u32>(previous, seriesRef), tenantLastRef);
}

/** Forgets everything of a payload with a fault. */
export function partFault(): void {
  resumeSamples = 0;
  rowsAbandon();
}

/** Names the message that is being resolved, for refusals. */
export function seriesBegin(from: usize, end: usize): void {
  refusalPlace(<u32>(from - payload), <u32>(end - from));
  sampleNumber = 0;
}

/** Whether samples of this message were seen by a former part. */
export function isResumed(): bool {
  return skipSamples != 0;
}

/** The series that followed the former one last time, if it is still there; or 0. */
export function guessNext(): usize {
  if (previous == 0) return 0;
  const guess = seriesOf(load<u32>(previous, seriesSuccessor));
  return guess != 0 && load<u32>(guess, seriesTenant) == <u32>tenant ? guess : 0;
}

/** Says that the message is of a series that is known already. */
export function foundIs(series: usize): void {
  foundSeries = series;
}

/** The series resolved last, or 0: the next one often shares most of its pairs. */
export function previousSeries(): usize {
  return previous;
}

/** Notes the series of this message: it follows the former one. */
export function seriesFollows(series: usize, guessed: bool): void {
  if (!guessed && previous != 0)
    store<u32>(previous, load<u32>(series, seriesRef), seriesSuccessor);
  previous = series;
}

/** Whether a former part has seen the sample at hand. */
function isSeen(): bool {
  if (skipSamples == 0) return false;
  skipSamples--;
  sampleNumber++;
  return true;
}

/** Takes the sample just read for a known series; false when the part must end before it. */
export function takeRead(series: usize): bool {
  if (isSeen()) return true;
  if (takeSample(series, sampleTime, sampleBits) == partFull) return false;
  sampleNumber++;
  return true;
}

/** Message of the histogram in the scratch `incoming`; 0: the sample at hand is a float. */
let message: usize = 0;
let messageSize: u32 = 0;

/**
 * Reads a histogram's message and takes it for a series, or for the message's series when that is
 * 0. False when the part must end before it; a fault of the wire is left to be found.
 */
export function takeMessage(series: usize, from: usize, end: usize): bool {
  if (isSeen()) return true;
  if (!readHistogram(incoming, from, end)) return true;
  const refusal = judgeIncoming(<u32>(end - from));
  if (refusal != 0) {
    refuse(refusal, 1, load<i64>(incoming, histogramTime));
    sampleNumber++;
    return true;
  }
  message = from;
  messageSize = <u32>(end - from);
  const done = series != 0 ? takeFor(series) : takeForFound();
  message = 0;
  if (done && series != 0) sampleNumber++;
  return done;
}

function judgeIncoming(size: u32): u32 {
  if (load<u32>(tenant, tenantHistograms) == 0) return refusedHistogram;
  if (size > <u32>histogramMessageSizeMax) return refusedBuckets;
  return judgeHistogram(incoming, load<u32>(tenant, tenantBucketsMax));
}

/** Takes the sample at hand, whatever it is; false when the part must end before it. */
function takeFor(series: usize): bool {
  if (message == 0) return takeSample(series, sampleTime, sampleBits) != partFull;
  const time = load<i64>(incoming, histogramTime);
  return takeHistogram(series, time, message, messageSize) != partFull;
}

/** What became of the series of a message: see `findOrJudge`. */
export let foundSeries: usize = 0;
let refusalOfAll: u32 = 0;

/**
 * Finds the series of the labels in the scratch. When it is new its labels are judged, and it
 * will be made by the first sample that is good. False when all its samples are refused.
 */
export function findOrJudge(samples: u32): bool {
  refusalOfAll = 0;
  foundSeries = labelsFindSeries(tenant);
  if (foundSeries != 0) return true;
  const refusal = judgeLabels(tenant);
  if (refusal == 0) return true;
  if (skipSamples == 0) refuse(refusal, samples, 0);
  skipSamples = 0;
  return false;
}

/** Takes the sample at hand for the message's series, which is made when it must be. */
export function takeForFound(): bool {
  if (isSeen()) return true;
  if (foundSeries == 0) {
    const time = message == 0 ? sampleTime : load<i64>(incoming, histogramTime);
    const refusal = judgeNew(time);
    if (refusal != 0 || refusalOfAll != 0 || !bear()) {
      if (refusal != 0) refuse(refusal, 1, time);
      else refuse(refusalOfAll, 1, 0);
      sampleNumber++;
      return true;
    }
  }
  if (!takeFor(foundSeries)) return false;
  sampleNumber++;
  return true;
}

/** Makes the series of the scratch; sets why not when it may not be. */
function bear(): bool {
  const most = load<u32>(tenant, tenantSeriesMax);
  if (most != 0 && load<u32>(tenant, tenantSeries) >= most) {
    refusalOfAll = refusedTenantSeries;
    return false;
  }
  const isFull = seriesMax != 0 && seriesCount() >= seriesMax;
  if (!isFull && memoryUsed() < seriesMemoryMax && memoryLeft() >= rowsReserve) {
    foundSeries = seriesCreate(tenant, labelScratch(), labelCount, 0);
  }
  if (foundSeries == 0) refusalOfAll = refusedKernelSeries;
  return foundSeries != 0;
}
