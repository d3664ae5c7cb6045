import { copyForward } from "./bytes";
import { bufferEnsure, bufferRecord } from "./memory";
import { reportView } from "./report";
import {
  definitionBytes,
  definitions,
  definitionSeries,
  hasStarts,
  histograms,
  messageBytes,
  rowBits,
  rowIsHistogram,
  rows,
  rowSeries,
  rowStarts,
  rowsTenant,
  rowTimes,
} from "./rows";
import {
  pairRaw,
  pairRawSize,
  seriesLabelsSize,
  seriesPairList,
  seriesPairs,
  seriesRef,
  tenantIndex,
} from "./structs";

/** Bytes before the first definition: tenant, definitions, rows. */
export const recordHead: usize = 12;

/** Writes the log record body of the rows that wait; false when memory is out. */
export function recordWrite(): bool {
  const columns = recordHead + <usize>definitionBytes + <usize>rows * 20;
  const hasMessages = histograms != 0 || hasStarts;
  const messages: usize = hasMessages ? 4 + ((<usize>histograms) << 2) + <usize>messageBytes : 0;
  const size = columns + messages + (hasStarts ? (<usize>rows) << 3 : 0);
  const record = bufferEnsure(bufferRecord, size);
  if (record == 0) return false;
  store<u32>(record, load<u32>(rowsTenant(), tenantIndex));
  store<u32>(record, definitions, 4);
  store<u32>(record, rows, 8);
  let at = record + recordHead;
  for (let i: u32 = 0; i < definitions; i++) at = writeDefinition(at, definitionSeries(i));
  for (let row: u32 = 0; row < rows; row++) {
    store<u32>(at + (row << 2), load<u32>(rowSeries(row), seriesRef));
  }
  at += rows << 2;
  memory.copy(at, rowTimes(), rows << 3);
  memory.copy(at + (rows << 3), rowBits(), rows << 3);
  if (hasMessages) writeHistograms(at + (rows << 3), at + (rows << 4));
  if (hasStarts) memory.copy(record + columns + messages, rowStarts(), rows << 3);
  reportView(record, size);
  return true;
}

/**
 * Writes the histograms behind the columns: u32 count, u32 row of each, then their messages. In
 * the column of bits, at `bits`, they get place and size among those messages.
 */
function writeHistograms(bits: usize, to: usize): void {
  store<u32>(to, histograms);
  const messages = to + 4 + ((<usize>histograms) << 2);
  let entry = to + 4;
  let written: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    if (!rowIsHistogram(row)) continue;
    const place = bits + (row << 3);
    const size = load<u32>(place, 4);
    store<u32>(entry, row);
    memory.copy(messages + written, <usize>load<u32>(place), size);
    store<u32>(place, written);
    written += size;
    entry += 4;
  }
}

function writeDefinition(to: usize, series: usize): usize {
  store<u32>(to, load<u32>(series, seriesRef));
  store<u32>(to, load<u32>(series, seriesLabelsSize), 4);
  return writeLabels(to + 8, series);
}

/** Writes a series' labels as remote write 1.0 fields; returns the place behind them. */
function writeLabels(to: usize, series: usize): usize {
  let at = to;
  const last = series + ((<usize>load<u32>(series, seriesPairs)) << 2);
  for (let entry = series; entry < last; entry += 4) {
    const pair: usize = load<u32>(entry, seriesPairList);
    const size: usize = load<u32>(pair, pairRawSize);
    copyForward(at, pair + pairRaw, size);
    at += size;
  }
  return at;
}
