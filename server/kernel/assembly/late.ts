import { outOfOrderMax } from "../layout";
import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  lateCapacity,
  lateCount,
  lateEntries,
  lateEntrySize,
  lateHistograms,
  lateMessages,
  seriesLate,
} from "./structs";

/**
 * Samples that came out of order wait at their series in a small array sorted by time, 4 to 32
 * entries long, until it is full and sealed. Histograms wait as the messages they came in.
 */

const firstCapacity: u32 = 4;
/** Bytes of messages from which on a series' late samples are sealed. */
const messagesSizeMax: u32 = 8192;
/** Before the bytes of a message: u32 size. */
export const messageHead: usize = 4;

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

/** Whether the entry that `lateFind` found is a histogram; its bits are the message's place. */
export let lateIsHistogram: bool = false;

/** The entry of exactly this time, or 0; its value bits stand at +8. */
export function lateFind(series: usize, time: i64): usize {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return 0;
  const place = placeOf(buffer, time);
  const entry = buffer + lateEntries + place * lateEntrySize;
  if (place >= load<u32>(buffer, lateCount) || load<i64>(entry) != time) return 0;
  lateIsHistogram = isHistogramAt(buffer, place);
  return entry;
}

/** Whether an entry is a histogram. */
export function isHistogramAt(buffer: usize, place: u32): bool {
  return ((load<u32>(buffer, lateHistograms) >> place) & 1) != 0;
}

/** Puts a sample into its place; false when memory is out. The buffer must not be full. */
export function lateInsert(series: usize, time: i64, bits: u64): bool {
  return insert(series, time, bits, 0);
}

function insert(series: usize, time: i64, bits: u64, mark: u32): bool {
  const buffer = withRoom(series);
  if (buffer == 0) return false;
  const count = load<u32>(buffer, lateCount);
  const place = placeOf(buffer, time);
  const entry = buffer + lateEntries + place * lateEntrySize;
  memory.copy(entry + lateEntrySize, entry, (count - place) * lateEntrySize);
  store<i64>(entry, time);
  store<u64>(entry, bits, 8);
  store<u32>(buffer, count + 1, lateCount);
  const marks = load<u32>(buffer, lateHistograms);
  const below = marks & ((1 << place) - 1);
  store<u32>(buffer, below | (mark << place) | ((marks ^ below) << 1), lateHistograms);
  return true;
}

/**
 * Puts a histogram's message, which is copied, into its place; false when memory is out. It has
 * `histogramMessageSizeMax` bytes at most.
 */
export function lateInsertMessage(series: usize, time: i64, from: usize, size: u32): bool {
  const message = slabAlloc(slabClass(messageHead + size));
  if (message == 0) return false;
  store<u32>(message, size);
  memory.copy(message + messageHead, from, size);
  if (!insert(series, time, <u64>message, 1)) return false;
  const buffer: usize = load<u32>(series, seriesLate);
  store<u32>(buffer, load<u32>(buffer, lateMessages) + size, lateMessages);
  return true;
}

/** Whether the late samples of a series must be sealed. */
export function lateIsFull(series: usize): bool {
  const buffer: usize = load<u32>(series, seriesLate);
  return (
    load<u32>(buffer, lateCount) >= <u32>outOfOrderMax ||
    load<u32>(buffer, lateMessages) >= messagesSizeMax
  );
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
    memory.fill(moved, 0, lateEntries);
  }
  store<u32>(moved, wider, lateCapacity);
  store<u32>(series, <u32>moved, seriesLate);
  return moved;
}

/** Frees the buffer of a series, and the messages in it. */
export function lateFree(series: usize): void {
  const buffer: usize = load<u32>(series, seriesLate);
  if (buffer == 0) return;
  const count = load<u32>(buffer, lateCount);
  for (let place: u32 = 0; place < count; place++) {
    if (!isHistogramAt(buffer, place)) continue;
    const message: usize = load<u32>(buffer + place * lateEntrySize, lateEntries + 8);
    slabFree(slabClass(messageHead + load<u32>(message)), message);
  }
  slabFree(slabClass(bytesOf(load<u32>(buffer, lateCapacity))), buffer);
  store<u32>(series, 0, seriesLate);
}
