import {
  faultMalformed,
  faultTruncated,
  reportConsumed,
  reportEntries,
  reportNextId,
  sectionHead,
  sectionMagicPairs,
  sectionMagicSeries,
  sectionVersion,
} from "../layout";
import { directoryNext } from "./directory";
import { labelCount, labelLast, labelLookUp } from "./labels";
import { bufferEnsure, bufferResult } from "./memory";
import { pairCreate, pairDirectory, pairIdNext, pairIdReserve, pairOf } from "./pairs";
import { readDefinition } from "./replay";
import { report, reportView } from "./report";
import { seriesDirectory, seriesOf, seriesRefNext, seriesRefReserve } from "./series";
import {
  flagSampled,
  pairRaw,
  pairRawSize,
  pairTenant,
  seriesFlags,
  tenantIndex,
  tenantNewest,
  tenantNext,
} from "./structs";
import {
  exportBegin,
  exportedFileOldest,
  exportOne,
  exportSize,
  importBegin,
  importedAt,
  importOne,
} from "./snapshot-series";
import { tenantEnsure, tenantFirst, tenantsKnown } from "./tenants";
import { wireFail, wireStart } from "./wire";

/**
 * Snapshot sections: series and pairs written out field by field, little-endian, behind a head
 * of magic, version, entries and the next number to give. Both ascend by number. The first
 * section of pairs has the tenants' newest times in front, which outlive their series. Series that
 * no log record defines are left out: they have no sample.
 */

/** Bytes of a tenant: u32 number, i64 newest time. */
const tenantEntry: usize = 12;
/** Bytes before a pair's raw bytes: u32 id, u32 tenant, u32 size. */
const pairEntryHead: usize = 12;

function writeHead(section: usize, magic: u32, next: u32): usize {
  store<u32>(section, magic);
  store<u16>(section, sectionVersion, 4);
  store<u16>(section, 0, 6);
  store<u32>(section, 0, 8);
  store<u32>(section, next, 12);
  return section + sectionHead;
}

function finish(section: usize, at: usize, entries: u32, next: u32): void {
  store<u32>(section, entries, 8);
  store<u32>(report, entries, reportEntries);
  store<u32>(report, next, reportNextId);
  reportView(section, at - section);
}

/**
 * Writes series from a ref on, about `target` bytes; false when memory is out. Reports the oldest
 * chunks file that they refer to as what was consumed; all ones: none.
 */
export function exportSeries(fromRef: u32, target: usize): bool {
  let section = bufferEnsure(bufferResult, target + sectionHead);
  if (section == 0) return false;
  let at = writeHead(section, sectionMagicSeries, seriesRefNext);
  exportBegin();
  const last = seriesRefNext - 1;
  let entries: u32 = 0;
  let ref = directoryNext(seriesDirectory(), max<u32>(fromRef, 1), last);
  while (ref != 0) {
    const series = seriesOf(ref);
    if ((load<u8>(series, seriesFlags) & flagSampled) != 0) {
      const size = exportSize(series);
      if (at - section + size > target + sectionHead) {
        if (entries != 0) break;
        section = bufferEnsure(bufferResult, size + sectionHead);
        if (section == 0) return false;
        at = writeHead(section, sectionMagicSeries, seriesRefNext);
      }
      at = exportOne(at, series);
      entries++;
    }
    ref = ref == last ? 0 : directoryNext(seriesDirectory(), ref + 1, last);
  }
  finish(section, at, entries, ref);
  store<u32>(report, exportedFileOldest, reportConsumed);
  return true;
}

/** Writes pairs from an id on, about `target` bytes; false when memory is out. */
export function exportPairs(fromId: u32, target: usize): bool {
  const tenants: usize = fromId <= 1 ? <usize>tenantsKnown : 0;
  const room = max<usize>(target, 65536) + tenants * tenantEntry + 4;
  const section = bufferEnsure(bufferResult, room + sectionHead);
  if (section == 0) return false;
  let at = writeHead(section, sectionMagicPairs, pairIdNext);
  at = exportTenants(at, <u32>tenants);
  const end = section + sectionHead + room;
  const last = pairIdNext - 1;
  let entries: u32 = 0;
  let id = directoryNext(pairDirectory(), max<u32>(fromId, 1), last);
  while (id != 0) {
    const pair = pairOf(id);
    const size: usize = load<u32>(pair, pairRawSize);
    if (entries != 0 && at + pairEntryHead + size > end) break;
    store<u32>(at, id);
    store<u32>(at, load<u32>(load<u32>(pair, pairTenant), tenantIndex), 4);
    store<u32>(at, <u32>size, 8);
    memory.copy(at + pairEntryHead, pair + pairRaw, size);
    at += pairEntryHead + size;
    entries++;
    id = id == last ? 0 : directoryNext(pairDirectory(), id + 1, last);
  }
  finish(section, at, entries, id);
  return true;
}

function exportTenants(to: usize, count: u32): usize {
  store<u32>(to, count);
  let at = to + 4;
  let tenant: usize = count == 0 ? 0 : tenantFirst;
  for (; tenant != 0; tenant = load<u32>(tenant, tenantNext)) {
    store<u32>(at, load<u32>(tenant, tenantIndex));
    store<i64>(at, load<i64>(tenant, tenantNewest), 4);
    at += tenantEntry;
  }
  return at;
}

/** Takes the tenants at the front of a section of pairs; 0 on a fault. */
function importTenants(from: usize, end: usize): usize {
  if (end - from < 4) return 0;
  const count = load<u32>(from);
  if (<u64>count * <u64>tenantEntry > <u64>(end - from - 4)) return 0;
  let at = from + 4;
  for (let i: u32 = 0; i < count; i++) {
    const tenant: usize = load<u32>(at) == 0 ? 0 : tenantEnsure(load<u32>(at));
    if (tenant == 0) return 0;
    const newest = max<i64>(load<i64>(at, 4), load<i64>(tenant, tenantNewest));
    store<i64>(tenant, newest, tenantNewest);
    at += tenantEntry;
  }
  return at;
}

/** Checks a section's head; false with a fault. */
function checkHead(section: usize, size: usize, magic: u32): bool {
  wireStart();
  if (size < <usize>sectionHead) return wireFail(faultTruncated, section);
  if (load<u32>(section) != magic) return wireFail(faultMalformed, section);
  const version = <u32>load<u16>(section, 4);
  importBegin(version);
  const isKnown = version >= 1 && version <= <u32>sectionVersion;
  return isKnown || wireFail(faultMalformed, section + 4);
}

/** Takes a section of pairs into the kernel; false on a fault, and the kernel is spoilt then. */
export function importPairs(section: usize, size: usize): bool {
  if (!checkHead(section, size, sectionMagicPairs)) return false;
  const end = section + size;
  const entries = load<u32>(section, 8);
  let at = importTenants(section + sectionHead, end);
  if (at == 0) return wireFail(faultMalformed, section + sectionHead);
  for (let i: u32 = 0; i < entries; i++) {
    if (end - at < pairEntryHead) return wireFail(faultTruncated, at);
    const rawSize: usize = load<u32>(at, 8);
    const raw = at + pairEntryHead;
    if (rawSize > end - raw) return wireFail(faultTruncated, at);
    if (!importPair(load<u32>(at), load<u32>(at, 4), raw, raw + rawSize)) {
      return wireFail(faultMalformed, at);
    }
    at = raw + rawSize;
  }
  pairIdReserve(load<u32>(section, 12));
  return at == end || wireFail(faultMalformed, at);
}

function importPair(id: u32, index: u32, raw: usize, rawEnd: usize): bool {
  if (id == 0 || index == 0) return false;
  if (!readDefinition(raw, rawEnd) || labelCount != 1) return false;
  const tenant = tenantEnsure(index);
  if (tenant == 0) return false;
  const known = pairOf(id);
  const same = labelLookUp(tenant, labelLast());
  if (known != 0 || same != 0) return known == same;
  return pairCreate(tenant, labelLast(), id) != 0;
}

/** Takes a section of series into the kernel; false on a fault, and the kernel is spoilt then. */
export function importSeries(section: usize, size: usize): bool {
  if (!checkHead(section, size, sectionMagicSeries)) return false;
  const end = section + size;
  const entries = load<u32>(section, 8);
  let at = section + sectionHead;
  for (let i: u32 = 0; i < entries; i++) {
    if (!importOne(at, end)) return wireFail(faultMalformed, at);
    at = importedAt;
  }
  seriesRefReserve(load<u32>(section, 12));
  return at == end || wireFail(faultMalformed, at);
}
