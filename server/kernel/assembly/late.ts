import { outOfOrderMax } from "../layout";
import { slabAlloc, slabClass, slabFree } from "./slab";
import { lateCapacity, lateCount, lateEntries, lateEntrySize, seriesLate } from "./structs";

/**
 * Samples that came out of order wait at their series in a small array sorted by time, 4 to 32
 * entries long, until it is full and sealed.
 */

const firstCapacity: u32 = 4;

function bytesOf(capacity: u32): usize {
  return lateEntries + capacity * lateEntrySize;
}

/** Place of the first entry not older than `time`, as an index. */
function placeOf(buffer: usize, time: i64): u32 {
  let low: u32 = 0;
  let high = load<u32>(buffer, lateCount);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<i64>(buffer + middle * lateEntrySize, lateEntries) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entry of exactly this time, or 0; its value bits stand at +8. */
export function lateFind(series: usize, time: i64): usize {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return 0;
  const place = placeOf(buffer, time);
  const entry = buffer + lateEntries + place * lateEntrySize;
  return place < load<u32>(buffer, lateCount) && load<i64>(entry) == time ? entry : 0;
}

/** Puts a sample into its place; false when memory is out. The buffer must not be full. */
export function lateInsert(series: usize, time: i64, bits: u64): bool {
  const buffer = withRoom(series);
  if (buffer == 0) return false;
  const count = load<u32>(buffer, lateCount);
  const place = placeOf(buffer, time);
  const entry = buffer + lateEntries + place * lateEntrySize;
  memory.copy(entry + lateEntrySize, entry, (count - place) * lateEntrySize);
  store<i64>(entry, time);
  store<u64>(entry, bits, 8);
  store<u32>(buffer, count + 1, lateCount);
  return true;
}

function withRoom(series: usize): usize {
  const buffer: usize = load<u32>(series, seriesLate);
  const capacity: u32 = buffer == 0 ? 0 : load<u32>(buffer, lateCapacity);
  if (buffer != 0 && load<u32>(buffer, lateCount) < capacity) return buffer;
  const wider = buffer == 0 ? firstCapacity : min<u32>(capacity << 1, outOfOrderMax);
  const moved = slabAlloc(slabClass(bytesOf(wider)));
  if (moved == 0) return 0;
  if (buffer != 0) {
    memory.copy(moved, buffer, bytesOf(capacity));
    slabFree(slabClass(bytesOf(capacity)), buffer);
  } else {
    store<u32>(moved, 0, lateCount);
  }
  store<u32>(moved, wider, lateCapacity);
  store<u32>(series, <u32>moved, seriesLate);
  return moved;
}

/** Frees the buffer of a series. */
export function lateFree(series: usize): void {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return;
  slabFree(slabClass(bytesOf(load<u32>(buffer, lateCapacity))), buffer);
  store<u32>(series, 0, seriesLate);
}
