import { faultMalformed } from "../layout";
import { labelAdd, labelCount, labelLast, labelLookUp, labelsBegin } from "./labels";
import { bufferEnsure, bufferSymbols, spanAlloc } from "./memory";
import {
  fieldEnd,
  fieldFrom,
  fieldNumber,
  fieldType,
  readField,
  wireAt,
  wireBytes,
  wireFail,
} from "./wire";

/**
 * The symbols of a remote write 2.0 payload by number, and a small direct-mapped memory of
 * which pair a (name, value) reference is, valid for one part of one payload.
 */

/** Pointer and size of each symbol, eight bytes per entry. */
let symbols: usize = 0;
export let symbolCount: u32 = 0;

/** Memory of pairs: u64 references, u32 pair, u32 epoch. */
const cacheEntries: u32 = 4096;
let cache: usize = 0;
let epoch: u32 = 0;

/** Reserves the memory of pairs; false when memory is out. */
export function symbolsStart(): bool {
  cache = spanAlloc(16);
  if (cache != 0) memory.fill(cache, 0, 65536);
  return cache != 0;
}

/**
 * Indexes the symbols of a payload; false when it is malformed, or out of memory (which is
 * reported as malformed at offset 0: nothing of it can be read). Eight bytes per symbol, and a
 * symbol takes two in the payload.
 */
export function symbolsIndex(from: usize, size: usize): bool {
  const end = from + size;
  let count: u32 = 0;
  let at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber != 4) continue;
    if (fieldType != wireBytes) return wireFail(faultMalformed, fieldFrom);
    count++;
  }
  symbols = bufferEnsure(bufferSymbols, (<usize>count) << 3);
  if (symbols == 0) return wireFail(faultMalformed, from);
  symbolCount = 0;
  at = from;
  while (at < end) {
    if (!readField(at, end)) return false;
    at = wireAt;
    if (fieldNumber != 4) continue;
    const entry = symbols + ((<usize>symbolCount) << 3);
    store<u32>(entry, <u32>fieldFrom);
    store<u32>(entry, <u32>(fieldEnd - fieldFrom), 4);
    symbolCount++;
  }
  return true;
}

/** Bytes of a symbol. */
export function symbolPointer(symbol: u32): usize {
  return load<u32>(symbols + ((<usize>symbol) << 3));
}

/** How many they are. */
export function symbolSize(symbol: u32): u32 {
  return load<u32>(symbols + ((<usize>symbol) << 3), 4);
}

/** Forgets which pairs references are. */
export function symbolPairsForget(): void {
  epoch++;
}

function slotOf(name: u32, value: u32): usize {
  const mixed = (name * 0x9e3779b1) ^ (value * 0x85ebca77);
  return cache + ((mixed >> 20) & (cacheEntries - 1)) * 16;
}

/** The tenant's pair of two symbols when it is remembered, or 0. */
export function symbolPair(name: u32, value: u32): usize {
  const slot = slotOf(name, value);
  const key = ((<u64>name) << 32) | <u64>value;
  if (load<u64>(slot) != key || load<u32>(slot, 12) != epoch) return 0;
  return load<u32>(slot, 8);
}

/** Remembers a pair. */
export function symbolPairIs(name: u32, value: u32, pair: usize): void {
  const slot = slotOf(name, value);
  store<u64>(slot, ((<u64>name) << 32) | <u64>value);
  store<u32>(slot, <u32>pair, 8);
  store<u32>(slot, epoch, 12);
}

/** The tenant's pair of two symbols, or 0. Uses the label scratch. */
export function symbolPairFind(tenant: usize, name: u32, value: u32): usize {
  const known = symbolPair(name, value);
  if (known != 0) return known;
  labelsBegin(0);
  labelAdd(symbolPointer(name), symbolSize(name), symbolPointer(value), symbolSize(value));
  if (labelCount == 0) return 0;
  const pair = labelLookUp(tenant, labelLast());
  if (pair != 0) symbolPairIs(name, value, pair);
  return pair;
}
