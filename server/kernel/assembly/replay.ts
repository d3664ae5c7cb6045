import { faultMalformed, faultTruncated, histogramMessageSizeMax, labelsMax } from "../layout";
import { heldBits, startsAt, storeHistogram, storeSample } from "./append";
import { compareBytes } from "./bytes";
import { judgeHistogram } from "./histogram-judge";
import { histogramTime, incoming } from "./histogram-record";
import { readHistogram } from "./histogram-wire";
import {
  labelAdd,
  labelCount,
  labelIsCanonical,
  labelLast,
  labelScratch,
  labelsBegin,
  labelsFindSeries,
} from "./labels";
import { recordHead } from "./record";
import { seriesCreate, seriesOf, seriesRefReserve, seriesRename } from "./series";
import {
  flagDefined,
  flagSampled,
  labelName,
  labelNameSize,
  seriesFlags,
  seriesLastTime,
  seriesTenant,
} from "./structs";
import { tenantCount, tenantEnsure } from "./tenants";
import { readVarint, wireAt, wireFail, wireFault, wireSeek, wireStart } from "./wire";

/**
 * Replay of log record bodies. A body is checked as a whole first, so that a faulty one changes
 * nothing; then it is applied without judging, and rows that are held already are left out.
 */

let definitionCount: u32 = 0;
let rowCount: u32 = 0;
let rowsAt: usize = 0;
/** Histograms among the rows, their row numbers, and their messages. */
let histogramCount: u32 = 0;
let histogramRows: usize = 0;
let messages: usize = 0;
/** Column of starts, or 0. */
let startsAtRow: usize = 0;
/** Rows whose series neither the kernel nor the record knows: their series was truncated. */
export let rowsUnknown: u32 = 0;

/** Applies a record body, except rows of refs in [skipFrom, skipTo]; false on a fault. */
export function replayRecord(from: usize, size: usize, skipFrom: u32, skipTo: u32): bool {
  wireStart();
  const end = from + size;
  if (!checkRecord(from, end)) return false;
  const tenant = tenantEnsure(load<u32>(from));
  if (tenant == 0) return wireFail(faultMalformed, from);
  let at = from + recordHead;
  for (let i: u32 = 0; i < definitionCount; i++) {
    const next = at + 8 + <usize>load<u32>(at, 4);
    const ref = load<u32>(at);
    // A ref of the skipped range that is not there was freed before the snapshot.
    const skipped = ref >= skipFrom && ref <= skipTo && seriesOf(ref) == 0;
    if (!skipped && !define(tenant, ref, at + 8, next)) return wireFail(faultMalformed, at);
    at = next;
  }
  replayRows(tenant, skipFrom, skipTo);
  return true;
}

function checkRecord(from: usize, end: usize): bool {
  if (end - from < recordHead) return wireFail(faultTruncated, from);
  if (load<u32>(from) == 0) return wireFail(faultMalformed, from);
  definitionCount = load<u32>(from, 4);
  rowCount = load<u32>(from, 8);
  let at = from + recordHead;
  for (let i: u32 = 0; i < definitionCount; i++) {
    if (end - at < 8) return wireFail(faultTruncated, at);
    const size: usize = load<u32>(at, 4);
    if (load<u32>(at) == 0) return wireFail(faultMalformed, at);
    if (size > end - at - 8) return wireFail(faultTruncated, at);
    if (!readDefinition(at + 8, at + 8 + size)) return false;
    at += 8 + size;
  }
  rowsAt = at;
  if (<u64>(end - at) < <u64>rowCount * 20) return wireFail(faultTruncated, at);
  return checkHistograms(rowsAt + <usize>rowCount * 20, end);
}

/** Checks what stands behind the columns: nothing, or histograms that may be stored, and starts. */
function checkHistograms(from: usize, end: usize): bool {
  histogramCount = 0;
  startsAtRow = 0;
  if (from == end) return true;
  if (end - from < 4) return wireFail(faultTruncated, from);
  histogramCount = load<u32>(from);
  histogramRows = from + 4;
  if (<u64>histogramCount * 4 > <u64>(end - histogramRows)) return wireFail(faultTruncated, from);
  messages = histogramRows + ((<usize>histogramCount) << 2);
  const size = <u32>(end - messages);
  let before: i64 = -1;
  let used: u32 = 0;
  for (let i: u32 = 0; i < histogramCount; i++) {
    const row = load<u32>(histogramRows + (i << 2));
    if (<i64>row <= before || row >= rowCount) return wireFail(faultMalformed, from);
    before = <i64>row;
    const place = bitsOf(row);
    const length = load<u32>(place, 4);
    if (load<u32>(place) != used || length > size - used) return wireFail(faultMalformed, place);
    if (!checkMessage(row, messages + used, length)) return false;
    used += length;
  }
  const rest = <u64>(size - used);
  if (rest != 0) startsAtRow = messages + used;
  return rest == 0 || rest == <u64>rowCount * 8 || wireFail(faultMalformed, messages);
}

function checkMessage(row: u32, from: usize, size: u32): bool {
  if (size > <u32>histogramMessageSizeMax) return wireFail(faultMalformed, from);
  if (!readHistogram(incoming, from, from + size)) return false;
  const isGood =
    judgeHistogram(incoming, 0) == 0 &&
    load<i64>(incoming, histogramTime) == load<i64>(timeOf(row));
  return isGood || wireFail(faultMalformed, from);
}

function timeOf(row: u32): usize {
  return rowsAt + ((<usize>rowCount) << 2) + ((<usize>row) << 3);
}

function bitsOf(row: u32): usize {
  return rowsAt + <usize>rowCount * 12 + ((<usize>row) << 3);
}

/** Reads canonical sorted labels into the scratch; anything else is a fault. */
export function readDefinition(from: usize, end: usize): bool {
  labelsBegin(0);
  let at = from;
  while (at < end) {
    if (!readLabel(at, end)) return wireFail(faultMalformed, at);
    at = wireAt;
  }
  return (labelCount != 0 && labelCount <= <u32>labelsMax) || wireFail(faultMalformed, from);
}

/** Reads one label at `from`; `wireAt` is then behind it. */
function readLabel(from: usize, end: usize): bool {
  if (load<u8>(from) != 0x0a) return false;
  const body = readVarint(from + 1, end);
  if (wireFault != 0 || body > <u64>(end - wireAt)) return false;
  const bodyEnd = wireAt + <usize>body;
  if (wireAt == bodyEnd || load<u8>(wireAt) != 0x0a) return false;
  const nameSize = readVarint(wireAt + 1, bodyEnd);
  if (wireFault != 0 || nameSize >= <u64>(bodyEnd - wireAt)) return false;
  const name = wireAt;
  const tag = name + <usize>nameSize;
  if (load<u8>(tag) != 0x12) return false;
  const valueSize = readVarint(tag + 1, bodyEnd);
  if (wireFault != 0 || valueSize == 0 || valueSize != <u64>(bodyEnd - wireAt)) return false;
  const before = labelCount;
  const last = labelLast();
  labelAdd(name, <u32>nameSize, wireAt, <u32>valueSize);
  wireSeek(bodyEnd);
  if (labelCount == before) return false;
  labelIsCanonical(from, <u32>(bodyEnd - from));
  return before == 0 || isAscending(last, name, <u32>nameSize);
}

function isAscending(last: usize, name: usize, nameSize: u32): bool {
  return (
    compareBytes(load<u32>(last, labelName), load<u32>(last, labelNameSize), name, nameSize) < 0
  );
}

/** Makes the series of a definition, unless its ref is known. */
function define(tenant: usize, ref: u32, from: usize, end: usize): bool {
  let series = seriesOf(ref);
  if (series == 0) {
    if (!readDefinition(from, end)) return false;
    series = labelsFindSeries(tenant);
    if (series != 0) {
      if (!seriesRename(series, ref)) return false;
    } else {
      series = seriesCreate(tenant, labelScratch(), labelCount, ref);
      if (series == 0) return false;
    }
  }
  seriesRefReserve(ref + 1);
  store<u8>(series, load<u8>(series, seriesFlags) | flagDefined, seriesFlags);
  return true;
}

function replayRows(tenant: usize, skipFrom: u32, skipTo: u32): void {
  let oldest: i64 = i64.MAX_VALUE;
  let newest: i64 = i64.MIN_VALUE;
  let stored: f64 = 0;
  let next: u32 = 0;
  for (let row: u32 = 0; row < rowCount; row++) {
    const isHistogram = next < histogramCount && load<u32>(histogramRows + (next << 2)) == row;
    if (isHistogram) next++;
    const ref = load<u32>(rowsAt + ((<usize>row) << 2));
    if (ref >= skipFrom && ref <= skipTo) continue;
    const series = seriesOf(ref);
    if (series == 0 || load<u32>(series, seriesTenant) != <u32>tenant) {
      rowsUnknown++;
      continue;
    }
    const time = load<i64>(timeOf(row));
    if (isHeld(series, time)) continue;
    const bits = bitsOf(row);
    if (startsAtRow != 0) startsAt(load<i64>(startsAtRow + ((<usize>row) << 3)));
    if (isHistogram) storeHistogram(series, messages + load<u32>(bits), load<u32>(bits, 4));
    else storeSample(series, time, load<u64>(bits));
    oldest = min<i64>(oldest, time);
    newest = max<i64>(newest, time);
    stored += 1;
  }
  startsAt(0);
  if (stored > 0) tenantCount(tenant, newest, oldest, stored);
}

function isHeld(series: usize, time: i64): bool {
  if ((load<u8>(series, seriesFlags) & flagSampled) == 0) return false;
  return time <= load<i64>(series, seriesLastTime) && heldBits(series, time);
}
