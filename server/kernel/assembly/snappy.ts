import { copyForward } from "./bytes";
import { readVarint, wireAt, wireFault, wireStart } from "./wire";

/**
 * Snappy's block format (format_description.txt of google/snappy). Both regions have 64 bytes
 * of slack behind them: fast copies may touch slack, never the memory of others.
 */

/** Size declared by the preamble, or -1 when it is malformed or above 2^32 - 1. */
export function snappySize(from: usize, size: usize): f64 {
  wireStart();
  const declared = readVarint(from, from + min<usize>(size, 5));
  if (wireFault != 0 || declared > 0xffffffff) return -1;
  return <f64>declared;
}

/** Decodes a block into exactly `targetSize` bytes; false when the block is malformed. */
export function snappyDecode(from: usize, size: usize, target: usize, targetSize: usize): bool {
  const end = from + size;
  if (snappySize(from, size) != <f64>targetSize) return false;
  const targetEnd = target + targetSize;
  let at = wireAt;
  let to = target;
  while (at < end) {
    const tag = <u32>load<u8>(at);
    at++;
    if ((tag & 3) == 0) {
      let length: usize = (tag >> 2) + 1;
      if (length > 60) {
        const extra = length - 60;
        if (extra > end - at) return false;
        length = <usize>(load<u32>(at) & (0xffffffff >> ((4 - <u32>extra) << 3))) + 1;
        at += extra;
        if (length == 0) return false;
      }
      if (length > end - at || length > targetEnd - to) return false;
      if (length <= 1024) copyForward(to, at, length);
      else memory.copy(to, at, length);
      at += length;
      to += length;
      continue;
    }
    let length: usize;
    let offset: usize;
    if ((tag & 3) == 1) {
      if (at >= end) return false;
      length = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | <u32>load<u8>(at);
      at++;
    } else {
      const wide: usize = (tag & 3) == 2 ? 2 : 4;
      if (wide > end - at) return false;
      length = (tag >> 2) + 1;
      offset = wide == 2 ? <usize>load<u16>(at) : <usize>load<u32>(at);
      at += wide;
    }
    if (offset == 0 || offset > to - target || length > targetEnd - to) return false;
    copyBack(to, offset, length);
    to += length;
  }
  return to == targetEnd;
}

/** Copies 1 to 64 bytes from `offset` before `to`; source and target may overlap. */
function copyBack(to: usize, offset: usize, length: usize): void {
  const from = to - offset;
  const end = to + length;
  let at = to;
  // A short pattern is doubled until a whole step of 16 bytes repeats it.
  while (at - from < 16) {
    const distance = at - from;
    v128.store(at, v128.load(from));
    at += distance;
    if (at >= end) return;
  }
  let source = from;
  do {
    v128.store(at, v128.load(source));
    at += 16;
    source += 16;
  } while (at < end);
}
