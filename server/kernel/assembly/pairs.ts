import { sameBytes } from "./bytes";
import { directoryClear, directoryCreate, directoryGet, directorySet } from "./directory";
import { xxh64 } from "./hash";
import { postingsFree, postingsStart } from "./postings";
import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  labelHash,
  labelNameSize,
  labelRaw,
  labelRawSize,
  labelValueSize,
  pairHash,
  pairId,
  pairMark,
  pairNameAt,
  pairNameSize,
  pairNext,
  pairPostings,
  pairPrevious,
  pairRaw,
  pairRawSize,
  pairTenant,
  pairValueAt,
  pairValueSize,
  tenantKey,
  tenantPairs,
  tenantPairsHead,
  tenantPairsTail,
  tenantPairsVersion,
} from "./structs";
import {
  tableFirst,
  tableInsert,
  tableNext,
  tableRemove,
  tableStart,
  tableStateSize,
} from "./table";

/** The pair table: each distinct label pair of a tenant once, found by keyed hash and bytes. */

const table: usize = memory.data(16, 8);
let directory: usize = 0;
/** Id of the next pair. */
export let pairIdNext: u32 = 1;
let hashMask: u64 = 0;

/** Sets up the table; `mask` keeps bits of each hash (tests force collisions with few). */
export function pairsStart(mask: u64): bool {
  hashMask = mask;
  directory = directoryCreate();
  return directory != 0 && tableStateSize <= 16 && tableStart(table);
}

/** Raises the next id: ids of a former life of this data directory are never used again. */
export function pairIdReserve(next: u32): void {
  if (next > pairIdNext) pairIdNext = next;
}

/** Hash of a pair's bytes under the tenant's key. */
export function pairHashOf(tenant: usize, raw: usize, size: usize): u64 {
  return xxh64(raw, size, load<u64>(tenant, tenantKey)) & hashMask;
}

/** The tenant's pair with these bytes, or 0. */
export function pairFind(tenant: usize, hash: u64, label: usize): usize {
  const raw: usize = load<u32>(label, labelRaw);
  const size = load<u32>(label, labelRawSize);
  let pair = tableFirst(table, <u32>hash);
  while (pair != 0) {
    if (
      load<u64>(pair, pairHash) == hash &&
      load<u32>(pair, pairRawSize) == size &&
      load<u32>(pair, pairTenant) == <u32>tenant &&
      sameBytes(pair + pairRaw, raw, size)
    ) {
      return pair;
    }
    pair = tableNext();
  }
  return 0;
}

/** Makes a pair of a label of the scratch; 0 when memory is out. `id` 0: the next one. */
export function pairCreate(tenant: usize, label: usize, id: u32): usize {
  const rawSize = load<u32>(label, labelRawSize);
  const slab = slabClass(pairRaw + rawSize);
  const pair = slabAlloc(slab);
  if (pair == 0) return 0;
  const given = id == 0 ? pairIdNext : id;
  const hash = load<u64>(label, labelHash);
  if (!listPair(given, hash, pair)) {
    slabFree(slab, pair);
    return 0;
  }
  pairIdReserve(given + 1);
  const raw = pair + pairRaw;
  memory.copy(raw, load<u32>(label, labelRaw), rawSize);
  const nameSize = load<u32>(label, labelNameSize);
  const valueSize = load<u32>(label, labelValueSize);
  const valueAt = rawSize - valueSize;
  store<u32>(pair, given, pairId);
  store<u32>(pair, <u32>tenant, pairTenant);
  store<u32>(pair, 0, pairMark);
  store<u32>(pair, rawSize, pairRawSize);
  store<u16>(pair, nameOffset(raw), pairNameAt);
  store<u16>(pair, nameSize, pairNameSize);
  store<u16>(pair, valueAt, pairValueAt);
  store<u16>(pair, valueSize, pairValueSize);
  store<u64>(pair, hash, pairHash);
  postingsStart(pair + pairPostings);
  linkPair(tenant, pair);
  return pair;
}

/** Enters a pair into directory and table, or into neither. */
function listPair(id: u32, hash: u64, pair: usize): bool {
  if (!directorySet(directory, id, pair)) return false;
  if (tableInsert(table, <u32>hash, pair)) return true;
  directoryClear(directory, id);
  return false;
}

/** Where the name begins in a canonical label field: behind two tags and two lengths. */
function nameOffset(raw: usize): u32 {
  let at: u32 = 1;
  while (load<u8>(raw + at) >= 0x80) at++;
  at += 2;
  while (load<u8>(raw + at) >= 0x80) at++;
  return at + 1;
}

/** Appends to the tenant's list, which ascends by id: a lower id is put in its place. */
function linkPair(tenant: usize, pair: usize): void {
  const id = load<u32>(pair, pairId);
  let previous: usize = load<u32>(tenant, tenantPairsTail);
  while (previous != 0 && load<u32>(previous, pairId) > id) {
    previous = load<u32>(previous, pairPrevious);
  }
  const next = previous != 0 ? load<u32>(previous, pairNext) : load<u32>(tenant, tenantPairsHead);
  store<u32>(pair, <u32>previous, pairPrevious);
  store<u32>(pair, next, pairNext);
  if (previous != 0) store<u32>(previous, <u32>pair, pairNext);
  else store<u32>(tenant, <u32>pair, tenantPairsHead);
  if (next != 0) store<u32>(next, <u32>pair, pairPrevious);
  else store<u32>(tenant, <u32>pair, tenantPairsTail);
  store<u32>(tenant, load<u32>(tenant, tenantPairs) + 1, tenantPairs);
}

/** Frees a pair that no series has. */
export function pairFree(pair: usize): void {
  const tenant: usize = load<u32>(pair, pairTenant);
  const previous = load<u32>(pair, pairPrevious);
  const next = load<u32>(pair, pairNext);
  if (previous != 0) store<u32>(previous, next, pairNext);
  else store<u32>(tenant, next, tenantPairsHead);
  if (next != 0) store<u32>(next, previous, pairPrevious);
  else store<u32>(tenant, previous, tenantPairsTail);
  store<u32>(tenant, load<u32>(tenant, tenantPairs) - 1, tenantPairs);
  store<u32>(tenant, load<u32>(tenant, tenantPairsVersion) + 1, tenantPairsVersion);
  tableRemove(table, load<u32>(pair, pairHash), pair);
  directoryClear(directory, load<u32>(pair, pairId));
  postingsFree(pair + pairPostings);
  slabFree(slabClass(pairRaw + load<u32>(pair, pairRawSize)), pair);
}

/** The pair of an id, or 0. */
export function pairOf(id: u32): usize {
  return directoryGet(directory, id);
}

/** The directory of all pairs, for exports. */
export function pairDirectory(): usize {
  return directory;
}
