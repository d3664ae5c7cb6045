import {
  reportDefinitions,
  reportDuplicates,
  reportHistogramDuplicates,
  reportHistogramRows,
  reportRows,
  reportStatMaxTime,
  reportStatMinTime,
  reportStatPairs,
  reportStatSamples,
  reportStatSeries,
  reportStatSize,
} from "../layout";
import { crcStart } from "./crc32c";
import { encodeStart } from "./histogram-encode";
import { chunkMessages } from "./histogram-message";
import { histogramsStart } from "./histogram-record";
import { labelsStart } from "./labels";
import { bufferEnsure, bufferInput, bufferPointer, memoryStart, memoryUsed } from "./memory";
import { outboxBytes, outboxPieceSize, outboxPointer } from "./outbox";
import { pairsStart } from "./pairs";
import { recordWrite } from "./record";
import { replayRecord, rowsUnknown } from "./replay";
import { report, reportClear, reportView, reportWireFault } from "./report";
import { resolveMemory, resolveStart } from "./resolve";
import { resolveWrite1 } from "./resolve1";
import { resolve2Start, resolveWrite2 } from "./resolve2";
import {
  definitions,
  duplicates,
  histogramDuplicates,
  histograms,
  rows,
  rowsAbandon,
  rowsApply,
  rowsBegin,
  rowsStart,
} from "./rows";
import { selectStart } from "./select";
import { seriesStart } from "./series";
import {
  tenantNewest,
  tenantNext,
  tenantOldest,
  tenantPairs,
  tenantPairsVersion,
  tenantSamples,
  tenantSeries,
} from "./structs";
import { importPairs, importSeries } from "./snapshot";
import { symbolsStart } from "./symbols";
import { tenantEnsure, tenantFirst, tenantOf, tenantsStart } from "./tenants";
import { wireStart } from "./wire";

/** What the typed face may call. Numbers beyond 32 bits cross as f64. */

export { crc32c } from "./crc32c";
export { xxh64 } from "./hash";
export { memoryUsed, spanAlloc, spanFree } from "./memory";
export { chunksPosition, outboxDrop } from "./outbox";
export { readSeries } from "./read";
export { reportAddress } from "./report";
export { scan } from "./scan";
export { exportPairs, exportSeries } from "./snapshot";
export { seal, truncate, truncateBelow } from "./truncate";
export {
  exchangeAddress,
  filterMark,
  filterRefs,
  pairIdOf,
  pairsList,
  postingsCount,
  postingsOpen,
  postingsRead,
} from "./select";
export { snappyDecode, snappySize } from "./snappy";
export { splitCopy, splitMeasure, splitParts } from "./split";
export { setTenant } from "./tenants";

/** Starts an instance as a front kernel: spans of at most `limitUnits` × 4 KiB. */
export function startFront(limitUnits: u32): void {
  memoryStart(limitUnits, 0);
}

/**
 * Starts an instance as a shard kernel. `secret` keys all hashes; `mask` keeps bits of each
 * (all in production); `seriesMax` bounds the series of all tenants (0: no bound). False when memory is out.
 */
export function startShard(
  limitUnits: u32,
  skipUnits: u32,
  seriesMax: u32,
  secret: u64,
  mask: u64,
): bool {
  memoryStart(limitUnits, skipUnits);
  crcStart();
  resolveStart(seriesMax);
  return (
    tenantsStart(secret) &&
    pairsStart(mask) &&
    seriesStart() &&
    labelsStart() &&
    rowsStart() &&
    histogramsStart() &&
    encodeStart() &&
    symbolsStart() &&
    resolve2Start() &&
    selectStart()
  );
}

/** Sets the memory, in units of 4 KiB, from which on new series are refused. */
export function setSeriesMemory(units: u32): void {
  resolveMemory((<u64>units) << 12);
}

/** Input buffer of at least `size` bytes; 0 when memory is out. */
export function inputEnsure(size: usize): usize {
  return bufferEnsure(bufferInput, size);
}

/** Resolves the input; the report has the resolution (true) or a fault (false). */
export function resolve(
  index: u32,
  format: u32,
  size: usize,
  offset: u32,
  timeMsMax: f64,
  newestMs: f64,
): bool {
  reportClear();
  wireStart();
  const tenant = tenantEnsure(index);
  const input = bufferPointer(bufferInput);
  if (tenant == 0) return false;
  rowsBegin(tenant, <i64>newestMs, <i64>timeMsMax);
  const done =
    format == 1
      ? resolveWrite1(tenant, input, size, offset)
      : resolveWrite2(tenant, input, size, offset);
  if (!done) {
    reportWireFault(input);
    return false;
  }
  store<u32>(report, rows, reportRows);
  store<u32>(report, definitions, reportDefinitions);
  store<u32>(report, duplicates, reportDuplicates);
  store<u32>(report, histograms, reportHistogramRows);
  store<u32>(report, histogramDuplicates, reportHistogramDuplicates);
  return true;
}

/** Writes the record of the rows that wait; false when memory is out. */
export function record(): bool {
  return recordWrite();
}

/** Stores the rows that wait. */
export function apply(): void {
  rowsApply();
}

/** Forgets the rows that wait. */
export function abandon(): void {
  rowsAbandon();
}

/** Replays the record in the input; false with a fault in the report. */
export function replay(size: usize, skipFrom: u32, skipTo: u32): bool {
  reportClear();
  const input = bufferPointer(bufferInput);
  return replayRecord(input, size, skipFrom, skipTo) || !reportWireFault(input);
}

/** Takes the section of pairs in the input; false with a fault in the report. */
export function takePairs(size: usize): bool {
  reportClear();
  const input = bufferPointer(bufferInput);
  return importPairs(input, size) || !reportWireFault(input);
}

/** Takes the section of series in the input; false with a fault in the report. */
export function takeSeries(size: usize): bool {
  reportClear();
  const input = bufferPointer(bufferInput);
  return importSeries(input, size) || !reportWireFault(input);
}

/** Reports the histograms of the chunk in the input as messages; false when it is no such chunk. */
export function messages(size: u32, encoding: u32): bool {
  return chunkMessages(bufferPointer(bufferInput), size, encoding);
}

/** Rows that replay left out because nothing knows their series. */
export function replayRowsUnknown(): u32 {
  return rowsUnknown;
}

/** Reports the oldest waiting bytes that lie in one piece. */
export function outbox(): void {
  reportView(outboxPointer(), outboxPieceSize());
}

/** Bytes that wait in the outbox. */
export function outboxSize(): f64 {
  return outboxBytes;
}

/** Version of a tenant's pairs: rises whenever some are freed. */
export function pairsVersion(index: u32): u32 {
  const tenant = tenantOf(index);
  return tenant == 0 ? 0 : load<u32>(tenant, tenantPairsVersion);
}

/** Reports the counts of one tenant, or of all for index 0. */
export function stats(index: u32): void {
  reportClear();
  store<f64>(report, Infinity, reportStatMinTime);
  store<f64>(report, -Infinity, reportStatMaxTime);
  store<f64>(report, <f64>memoryUsed(), reportStatSize);
  if (index != 0) {
    const tenant = tenantOf(index);
    if (tenant != 0) addStats(tenant);
    return;
  }
  let tenant = tenantFirst;
  while (tenant != 0) {
    addStats(tenant);
    tenant = load<u32>(tenant, tenantNext);
  }
}

function addStats(tenant: usize): void {
  addStat(reportStatSeries, <f64>load<u32>(tenant, tenantSeries));
  addStat(reportStatPairs, <f64>load<u32>(tenant, tenantPairs));
  addStat(reportStatSamples, load<f64>(tenant, tenantSamples));
  const oldest = load<i64>(tenant, tenantOldest);
  if (oldest == i64.MAX_VALUE || load<u32>(tenant, tenantSeries) == 0) return;
  const newest = <f64>load<i64>(tenant, tenantNewest);
  const least = report + reportStatMinTime;
  const most = report + reportStatMaxTime;
  store<f64>(least, min<f64>(load<f64>(least), <f64>oldest));
  store<f64>(most, max<f64>(load<f64>(most), newest));
}

function addStat(field: usize, value: f64): void {
  store<f64>(report + field, load<f64>(report + field) + value);
}
