import { exchangeEntries, listedPairHead, reportEntries } from "../layout";
import { labelAdd, labelCount, labelLast, labelLookUp, labelsBegin } from "./labels";
import { bufferEnsure, bufferResult, spanAlloc, unitsOf } from "./memory";
import { pairOf } from "./pairs";
import { cursorLeft, cursorNext, cursorOpen } from "./postings";
import { report, reportView } from "./report";
import { seriesOf } from "./series";
import {
  flagSampled,
  pairId,
  pairMark,
  pairNameAt,
  pairNameSize,
  pairNext,
  pairPostings,
  pairRaw,
  pairTenant,
  pairValueAt,
  pairValueSize,
  postingsLive,
  seriesFlags,
  seriesPairList,
  seriesPairs,
  tenantPairsHead,
  tenantPostings,
} from "./structs";
import { tenantOf } from "./tenants";

/** Finding series: lists of pairs, postings, and filtering refs by conditions on their pairs. */

/** Where lists of numbers cross the face: `exchangeEntries` of four bytes. */
let exchange: usize = 0;
/** Bytes of pairs that one call lists before it stops. */
const listTarget: usize = 262144;

/** Reserves the exchange area; false when memory is out. */
export function selectStart(): bool {
  exchange = spanAlloc(unitsOf(exchangeEntries * 4));
  return exchange != 0;
}

/** Address of the exchange area. */
export function exchangeAddress(): usize {
  return exchange;
}

/** The list of a pair of the tenant, or of all its series for pair 0; or 0. */
function listOf(index: u32, id: u32): usize {
  const tenant = tenantOf(index);
  if (tenant == 0) return 0;
  if (id == 0) return tenant + tenantPostings;
  const pair = pairOf(id);
  return pair != 0 && load<u32>(pair, pairTenant) == <u32>tenant ? pair + pairPostings : 0;
}

/** Series of a list that are there, those included that have no sample yet. */
export function postingsCount(index: u32, id: u32): u32 {
  const list = listOf(index, id);
  return list == 0 ? 0 : load<u32>(list, postingsLive);
}

/** Opens the cursor on a list; false when there is none. */
export function postingsOpen(index: u32, id: u32): bool {
  const list = listOf(index, id);
  if (list == 0) return false;
  cursorOpen(list);
  return true;
}

/** Writes the next refs that readers may see to the exchange area; 0 at the end. */
export function postingsRead(): u32 {
  let count: u32 = 0;
  while (cursorLeft != 0 && count < <u32>exchangeEntries) {
    const ref = cursorNext();
    if (!isVisible(ref)) continue;
    store<u32>(exchange + (count << 2), ref);
    count++;
  }
  return count;
}

function isVisible(ref: u32): bool {
  const series = seriesOf(ref);
  return series != 0 && (load<u8>(series, seriesFlags) & flagSampled) != 0;
}

/**
 * Writes pairs of a tenant with ids above `after`, at most `most`, to the result: heads of
 * u32 id, name size, value size, each with its bytes. False when memory is out.
 */
export function pairsList(index: u32, after: u32, most: u32): bool {
  const result = bufferEnsure(bufferResult, listTarget + 65536);
  if (result == 0) return false;
  let pair = firstAfter(index, after);
  let at = result;
  let count: u32 = 0;
  while (pair != 0 && count < most && at - result < listTarget) {
    if (load<u32>(pair + pairPostings, postingsLive) == 0) {
      pair = load<u32>(pair, pairNext);
      continue;
    }
    const nameSize: usize = load<u16>(pair, pairNameSize);
    const valueSize: usize = load<u16>(pair, pairValueSize);
    store<u32>(at, load<u32>(pair, pairId));
    store<u32>(at, <u32>nameSize, 4);
    store<u32>(at, <u32>valueSize, 8);
    at += listedPairHead;
    memory.copy(at, pair + pairRaw + load<u16>(pair, pairNameAt), nameSize);
    memory.copy(at + nameSize, pair + pairRaw + load<u16>(pair, pairValueAt), valueSize);
    at += nameSize + valueSize;
    count++;
    pair = load<u32>(pair, pairNext);
  }
  store<u32>(report, count, reportEntries);
  reportView(result, at - result);
  return true;
}

/** The tenant's first pair above an id; when the id was freed the list is walked to its place. */
function firstAfter(index: u32, after: u32): usize {
  const tenant = tenantOf(index);
  if (tenant == 0) return 0;
  const next = pairOf(after + 1);
  if (next != 0 && load<u32>(next, pairTenant) == <u32>tenant) return next;
  const known = pairOf(after);
  if (known != 0 && load<u32>(known, pairTenant) == <u32>tenant) return load<u32>(known, pairNext);
  let pair: usize = load<u32>(tenant, tenantPairsHead);
  while (pair != 0 && load<u32>(pair, pairId) <= after) pair = load<u32>(pair, pairNext);
  return pair;
}

/** Sets or clears a condition's bit at `count` pairs whose ids stand in the exchange area. */
export function filterMark(count: u32, bit: u32, set: bool): void {
  for (let i: u32 = 0; i < count; i++) {
    const pair = pairOf(load<u32>(exchange + (i << 2)));
    if (pair == 0) continue;
    const marks = load<u32>(pair, pairMark);
    store<u32>(pair, set ? marks | bit : marks & ~bit, pairMark);
  }
}

/**
 * Keeps those of `count` refs in the exchange area whose series has all conditions of `present`
 * and none of `absent`; returns how many.
 */
export function filterRefs(count: u32, present: u32, absent: u32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const ref = load<u32>(exchange + (i << 2));
    const series = seriesOf(ref);
    if (series == 0 || (load<u8>(series, seriesFlags) & flagSampled) == 0) continue;
    let marks: u32 = 0;
    const last = series + ((<usize>load<u32>(series, seriesPairs)) << 2);
    for (let entry = series; entry < last; entry += 4) {
      marks |= load<u32>(load<u32>(entry, seriesPairList), pairMark);
    }
    if ((marks & present) != present || (marks & absent) != 0) continue;
    store<u32>(exchange + (kept << 2), ref);
    kept++;
  }
  return kept;
}

/** Id of the tenant's pair of a name and a value that stand one after the other; 0: unknown. */
export function pairIdOf(index: u32, name: usize, nameSize: u32, valueSize: u32): u32 {
  const tenant = tenantOf(index);
  labelsBegin(0);
  labelAdd(name, nameSize, name + nameSize, valueSize);
  if (tenant == 0 || labelCount == 0) return 0;
  const pair = labelLookUp(tenant, labelLast());
  return pair == 0 ? 0 : load<u32>(pair, pairId);
}
