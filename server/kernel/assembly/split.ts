import { foldHash, xxh64 } from "./hash";
import {
  labelCount,
  labelLast,
  labelAdd,
  labelsBegin,
  labelScratch,
  labelsSort,
  labelsStart,
} from "./labels";
import { spanAlloc, spanFree, unitsOf } from "./memory";
import { readSeries1 } from "./resolve1";
import { readSeries2, refCount, refs, refsMax, resolve2Start } from "./resolve2";
import {
  labelLooked,
  labelName,
  labelNameSize,
  labelPair,
  labelStride,
  labelValue,
  labelValueSize,
} from "./structs";
import { symbolCount, symbolPointer, symbolsIndex, symbolSize } from "./symbols";
import { fieldEnd, fieldFrom, fieldNumber, readField, wireAt, wireFault, wireStart } from "./wire";

/**
 * Cutting a payload by the placement hash of its series: measured first, so that the caller
 * can lend memory for each part, then copied field by field. The hash is xxh64 with seed 0 of
 * the tenant, folded with those of each name and value in the order of names.
 */

const shardsMax: u32 = 1024;
/** Per shard: u32 bytes of its part, u32 its place, u32 bytes written so far. */
const partEntry: u32 = 12;
let parts: usize = 0;
/** Shard of each series of the payload measured last, u16 each. */
let shardOf: usize = 0;
let shardOfUnits: u32 = 0;
/** Hash of each symbol of a payload of format 2. */
let symbolHashes: usize = 0;
let symbolUnits: u32 = 0;

/** Reserves what splitting needs, once; false when memory is out. */
function prepare(): bool {
  if (parts != 0) return true;
  if (!labelsStart() || !resolve2Start()) return false;
  parts = spanAlloc(unitsOf(shardsMax * partEntry));
  return parts != 0;
}

/** Address of the parts' table, for sizes and places; 0 before the first measuring. */
export function splitParts(): usize {
  return parts;
}

function release(): void {
  if (shardOf != 0) spanFree(shardOf, shardOfUnits);
  if (symbolHashes != 0) spanFree(symbolHashes, symbolUnits);
  shardOf = 0;
  symbolHashes = 0;
}

/** Measures the part of each shard; false when memory is out or the payload is malformed. */
export function splitMeasure(
  format: u32,
  from: usize,
  size: usize,
  series: u32,
  seed: u64,
  shards: u32,
): bool {
  wireStart();
  if (!prepare() || shards > shardsMax) return false;
  release();
  memory.fill(parts, 0, shards * partEntry);
  shardOfUnits = unitsOf((<usize>series + 1) << 1);
  shardOf = spanAlloc(shardOfUnits);
  if (shardOf == 0 || (format == 2 && !hashSymbols(from, size))) return false;
  const end = from + size;
  let seen: u32 = 0;
  let others: u32 = 0;
  let at = from;
  while (at < end) {
    const field = at;
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber == (format == 1 ? 1 : 5)) {
      if (seen == series) return false;
      const hash = format == 1 ? placeOf1(seed) : placeOf2(seed);
      if (wireFault != 0) return false;
      const shard = <u32>(((hash >> 32) * <u64>shards) >> 32);
      store<u16>(shardOf + (seen << 1), <u16>shard);
      seen++;
      const part = parts + shard * partEntry;
      store<u32>(part, load<u32>(part) + <u32>(at - field));
    } else if (fieldNumber == (format == 1 ? 3 : 4)) {
      others += <u32>(at - field);
    }
  }
  addOthers(format, shards, others);
  return true;
}

/** Symbols go to every part that has series, metadata of format 1 to the first. */
function addOthers(format: u32, shards: u32, size: u32): void {
  for (let shard: u32 = 0; shard < shards && size != 0; shard++) {
    const part = parts + shard * partEntry;
    const has = load<u32>(part);
    if (has == 0) continue;
    store<u32>(part, has + size);
    if (format == 1) return;
  }
}

function hashSymbols(from: usize, size: usize): bool {
  if (!symbolsIndex(from, size)) return false;
  symbolUnits = unitsOf((<usize>symbolCount + 1) << 3);
  symbolHashes = spanAlloc(symbolUnits);
  if (symbolHashes == 0) return false;
  for (let i: u32 = 0; i < symbolCount; i++) {
    store<u64>(symbolHashes + ((<usize>i) << 3), xxh64(symbolPointer(i), symbolSize(i), 0));
  }
  return true;
}

/** Placement hash of the TimeSeries message that was read as a field just now. */
function placeOf1(seed: u64): u64 {
  if (!readSeries1(fieldFrom, fieldEnd, 0)) return 0;
  labelsSort();
  let hash = seed;
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = labelScratch() + i * labelStride;
    hash = foldHash(hash, xxh64(load<u32>(label, labelName), load<u32>(label, labelNameSize), 0));
    hash = foldHash(hash, xxh64(load<u32>(label, labelValue), load<u32>(label, labelValueSize), 0));
  }
  return hash;
}

function placeOf2(seed: u64): u64 {
  if (!readSeries2(fieldFrom, fieldEnd)) return 0;
  labelsBegin(0);
  const count = min<u32>(refCount, refsMax) >> 1;
  for (let i: u32 = 0; i < count; i++) {
    const name = load<u32>(refs + (i << 3));
    const value = load<u32>(refs + (i << 3), 4);
    const before = labelCount;
    labelAdd(symbolPointer(name), symbolSize(name), symbolPointer(value), symbolSize(value));
    if (labelCount == before) continue;
    store<u32>(labelLast(), name, labelPair);
    store<u32>(labelLast(), value, labelLooked);
  }
  labelsSort();
  let hash = seed;
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = labelScratch() + i * labelStride;
    hash = foldHash(hash, load<u64>(symbolHashes + ((<usize>load<u32>(label, labelPair)) << 3)));
    hash = foldHash(hash, load<u64>(symbolHashes + ((<usize>load<u32>(label, labelLooked)) << 3)));
  }
  return hash;
}

/** Copies the payload measured last into the places that the parts' table has now. */
export function splitCopy(format: u32, from: usize, size: usize, shards: u32): void {
  const end = from + size;
  let seen: u32 = 0;
  let at = from;
  while (at < end) {
    const field = at;
    if (!readField(at, end)) break;
    at = wireAt;
    if (fieldNumber == (format == 1 ? 1 : 5)) {
      copyField(<u32>load<u16>(shardOf + (seen << 1)), field, at);
      seen++;
    } else if (fieldNumber == (format == 1 ? 3 : 4)) {
      for (let shard: u32 = 0; shard < shards; shard++) {
        if (load<u32>(parts + shard * partEntry) == 0) continue;
        copyField(shard, field, at);
        if (format == 1) break;
      }
    }
  }
  release();
}

function copyField(shard: u32, field: usize, end: usize): void {
  const part = parts + shard * partEntry;
  const written = load<u32>(part, 8);
  memory.copy(<usize>load<u32>(part, 4) + written, field, end - field);
  store<u32>(part, written + <u32>(end - field), 8);
}
