/**
 * Comparisons of byte runs. They read up to 15 bytes past either end (never used in the
 * result): memory.ts and the buffers' slack see to it that those bytes exist.
 */

/** Whether two runs of `size` bytes are equal. */
export function sameBytes(a: usize, b: usize, size: usize): bool {
  let at: usize = 0;
  for (; at + 16 <= size; at += 16) {
    const equal = i8x16.eq(v128.load(a + at), v128.load(b + at));
    if (!i8x16.all_true(equal)) return false;
  }
  const rest = <u32>(size - at);
  if (rest == 0) return true;
  const mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at)));
  return (~mask & ((1 << rest) - 1)) == 0;
}

/**
 * Copies `size` bytes in steps of 16: up to 15 bytes behind the target are spoilt, so it is for
 * writing front to back into buffers with slack. The engine's own copy costs a call.
 */
export function copyForward(to: usize, from: usize, size: usize): void {
  for (let at: usize = 0; at < size; at += 16) v128.store(to + at, v128.load(from + at));
}

/** Order of two runs as unsigned bytes, a shorter one before its extensions: <0, 0, >0. */
export function compareBytes(a: usize, aSize: usize, b: usize, bSize: usize): i32 {
  const shorter = min<usize>(aSize, bSize);
  for (let at: usize = 0; at < shorter; at += 16) {
    const mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at)));
    if (mask == 0xffff) continue;
    const place = at + <usize>ctz<u32>(~mask);
    if (place >= shorter) break;
    return <i32>load<u8>(a + place) - <i32>load<u8>(b + place);
  }
  return aSize < bSize ? -1 : aSize > bSize ? 1 : 0;
}

/** Whether the bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
export function validUtf8(from: usize, size: usize): bool {
  const end = from + size;
  let at = from;
  while (at < end) {
    if (at + 8 <= end && (load<u64>(at) & 0x8080808080808080) == 0) {
      at += 8;
      continue;
    }
    const lead = <u32>load<u8>(at);
    if (lead < 0x80) {
      at++;
      continue;
    }
    const size = sequenceSize(at, end, lead);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

/** Bytes of the multi-byte sequence at `at`, 0 when it is not one. */
function sequenceSize(at: usize, end: usize, lead: u32): usize {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size: usize = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (size > end - at) return 0;
  const second = <u32>load<u8>(at, 1);
  const low: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const high: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i: usize = 2; i < size; i++) {
    if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  }
  return size;
}
