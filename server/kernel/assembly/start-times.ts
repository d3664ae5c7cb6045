import { putBits, putVarbitInt } from "./bits";

/**
 * When counting began, as XOR2 chunks and the ST forms of histogram chunks have it behind each
 * sample: nothing as long as all are like the first; then the distance from the time of the sample
 * before, and how it changes. Byte 2 of the chunk tells which samples have one.
 */

/** State: i64 start of the last sample, i64 its distance. */
export const startLast = 0;
export const startDistance = 8;

/** Header of a chunk whose first sample has a start. */
const firstKnown: u32 = 0x80;
/** The last sample that the header can name as the first that changes; there it always does. */
export const startChangeMax: u32 = 0x7f;

/** The chunk's header behind what `putStart` wrote. */
export let startHeader: u32 = 0;

/**
 * Writes the start of sample `index` (0: not known) behind it at a bit position; returns the
 * position behind. `before` is the time of the sample before, of the sample itself for the first.
 */
export function putStart(
  state: usize,
  base: usize,
  position: u32,
  header: u32,
  index: u32,
  before: i64,
  start: i64,
): u32 {
  const last = load<i64>(state, startLast);
  store<i64>(state, start, startLast);
  startHeader = header;
  if (index == 0) {
    if (start == 0) return position;
    startHeader = firstKnown;
    return putZigzag(base, position, before - start);
  }
  const distance = before - start;
  if ((header & startChangeMax) != 0) {
    const change = distance - load<i64>(state, startDistance);
    store<i64>(state, distance, startDistance);
    return putVarbitInt(base, position, change);
  }
  if (start == last && index != startChangeMax) return position;
  startHeader = header | index;
  store<i64>(state, distance, startDistance);
  return putVarbitInt(base, position, distance);
}

/** Go's signed varint at any bit position. */
function putZigzag(base: usize, position: u32, value: i64): u32 {
  let rest = <u64>(value << 1) ^ <u64>(value >> 63);
  let at = position;
  while (rest >= 0x80) {
    putBits(base, at, (rest & 0x7f) | 0x80, 8);
    rest >>= 7;
    at += 8;
  }
  putBits(base, at, rest, 8);
  return at + 8;
}
