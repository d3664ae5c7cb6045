/**
 * Bits as Prometheus's chunks have them: most significant first, at any position from a base.
 * Writers store eight bytes at a time, so seven bytes behind the last bit are scratch; readers
 * may load nine bytes from the last bit on, which every place in memory allows.
 */

/** Writes `count` bits (1 to 56), `value` below 2^count; bits behind them become zero. */
export function putBits(base: usize, position: u32, value: u64, count: u32): void {
  const at = base + (position >> 3);
  const used = position & 7;
  const kept = (<u64>(<u32>load<u8>(at) & ~(0xff >> used))) << 56;
  store<u64>(at, bswap<u64>(kept | (value << (64 - used - count))));
}

/** Writes up to 64 bits in two halves where one store does not reach; the position behind. */
export function putWide(base: usize, position: u32, value: u64, count: u32): u32 {
  if (count > 32) {
    putBits(base, position, value >> 32, count - 32);
    putBits(base, position + count - 32, value & 0xffffffff, 32);
  } else {
    putBits(base, position, value, count);
  }
  return position + count;
}

/** Go's signed varint: zigzag, then seven bits a byte; the place behind it. */
export function writeZigzag(to: usize, value: i64): usize {
  let rest = <u64>(value << 1) ^ <u64>(value >> 63);
  let at = to;
  while (rest >= 0x80) {
    store<u8>(at, <u8>rest | 0x80);
    rest >>= 7;
    at++;
  }
  store<u8>(at, <u8>rest);
  return at + 1;
}

/** Whether a number fits into `bits` bits as Prometheus counts: -(2^(n-1)-1) to 2^(n-1). */
export function fits(value: i64, bits: i64): bool {
  const half: i64 = 1 << (bits - 1);
  return value >= 1 - half && value <= half;
}

/**
 * Writes what changed between two values, as their XOR. `window` is the place of two bytes,
 * the zeros before and behind the bits of the last change (0xff: none yet).
 */
export function putXor(window: usize, base: usize, position: u32, xor: u64): u32 {
  if (xor == 0) {
    putBits(base, position, 0, 1);
    return position + 1;
  }
  const leading = <u32>load<u8>(window);
  const trailing = <u32>load<u8>(window, 1);
  const newLeading = min<u32>(<u32>clz<u64>(xor), 31);
  const newTrailing = <u32>ctz<u64>(xor);
  if (leading != 0xff && newLeading >= leading && newTrailing >= trailing) {
    putBits(base, position, 2, 2);
    return putWide(base, position + 2, xor >> trailing, 64 - leading - trailing);
  }
  store<u8>(window, newLeading);
  store<u8>(window, newTrailing, 1);
  const significant = 64 - newLeading - newTrailing;
  putBits(base, position, (3 << 11) | (newLeading << 6) | (significant & 63), 13);
  return putWide(base, position + 13, xor >> newTrailing, significant);
}

/** Writes a signed number in 1 to 72 bits, few for those near zero (varbit_int). */
export function putVarbitInt(base: usize, position: u32, value: i64): u32 {
  const raw = <u64>value;
  if (value == 0) return putShort(base, position, 0, 1);
  if (fits(value, 3)) return putShort(base, position, (2 << 3) | (raw & 7), 5);
  if (fits(value, 6)) return putShort(base, position, (6 << 6) | (raw & 0x3f), 9);
  if (fits(value, 9)) return putShort(base, position, (14 << 9) | (raw & 0x1ff), 13);
  if (fits(value, 12)) return putShort(base, position, (30 << 12) | (raw & 0xfff), 17);
  if (fits(value, 18)) return putShort(base, position, (62 << 18) | (raw & 0x3ffff), 24);
  if (fits(value, 25)) return putShort(base, position, (126 << 25) | (raw & 0x1ffffff), 32);
  return putLong(base, position, raw, fits(value, 56));
}

/** Writes an unsigned number likewise (varbit_uint). */
export function putVarbitUint(base: usize, position: u32, value: u64): u32 {
  if (value == 0) return putShort(base, position, 0, 1);
  if (value < 1 << 3) return putShort(base, position, (2 << 3) | value, 5);
  if (value < 1 << 6) return putShort(base, position, (6 << 6) | value, 9);
  if (value < 1 << 9) return putShort(base, position, (14 << 9) | value, 13);
  if (value < 1 << 12) return putShort(base, position, (30 << 12) | value, 17);
  if (value < 1 << 18) return putShort(base, position, (62 << 18) | value, 24);
  if (value < 1 << 25) return putShort(base, position, (126 << 25) | value, 32);
  return putLong(base, position, value, value >> 56 == 0);
}

function putShort(base: usize, position: u32, value: u64, count: u32): u32 {
  putBits(base, position, value, count);
  return position + count;
}

function putLong(base: usize, position: u32, raw: u64, fits56: bool): u32 {
  putBits(base, position, fits56 ? 0xfe : 0xff, 8);
  if (!fits56) return putWide(base, position + 8, raw, 64);
  return putWide(base, position + 8, raw & 0xffffffffffffff, 56);
}

/** The 64 bits from a bit position on. */
export function peek(base: usize, position: u32): u64 {
  const at = base + (position >> 3);
  const used = <u64>(position & 7);
  const high = bswap<u64>(load<u64>(at)) << used;
  return used == 0 ? high : high | (<u64>load<u8>(at, 8) >> (8 - used));
}

/** Bits that follow a varbit's prefix of so many ones. */
const varbitSizes: usize = memory.data<u8>([0, 3, 6, 9, 12, 18, 25, 56, 64]);

/** Bits that the varbit at a position takes, prefix included; see `varbitInt`, `varbitUint`. */
export function varbitBits(word: u64): u32 {
  const ones = min<u32>(<u32>clz<u64>(~word), 8);
  return <u32>load<u8>(varbitSizes + ones) + min<u32>(ones + 1, 8);
}

/** The unsigned varbit at a position. */
export function varbitUint(base: usize, position: u32, word: u64): u64 {
  const ones = min<u32>(<u32>clz<u64>(~word), 8);
  const size = <u32>load<u8>(varbitSizes + ones);
  if (size == 0) return 0;
  return peek(base, position + min<u32>(ones + 1, 8)) >> <u64>(64 - size);
}

/** The signed varbit at a position. */
export function varbitInt(base: usize, position: u32, word: u64): i64 {
  const raw = varbitUint(base, position, word);
  const size = <u64>load<u8>(varbitSizes + min<u32>(<u32>clz<u64>(~word), 8));
  if (size == 0 || size == 64 || raw <= (<u64>1) << (size - 1)) return <i64>raw;
  return <i64>(raw - ((<u64>1) << size));
}
