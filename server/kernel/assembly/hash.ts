/** xxh64 as published (xxHash specification 0.1.1), over memory, with a 64-bit seed. */

const prime1: u64 = 0x9e3779b185ebca87;
const prime2: u64 = 0xc2b2ae3d27d4eb4f;
const prime3: u64 = 0x165667b19e3779f9;
const prime4: u64 = 0x85ebca77c2b2ae63;
const prime5: u64 = 0x27d4eb2f165667c5;

function round(state: u64, word: u64): u64 {
  return rotl<u64>(state + word * prime2, 31) * prime1;
}

function merge(hash: u64, state: u64): u64 {
  return (hash ^ round(0, state)) * prime1 + prime4;
}

function stripes(from: usize, size: usize, seed: u64): u64 {
  const last = from + size - 32;
  let a = seed + prime1 + prime2;
  let b = seed + prime2;
  let c = seed;
  let d = seed - prime1;
  for (let at = from; at <= last; at += 32) {
    a = round(a, load<u64>(at));
    b = round(b, load<u64>(at, 8));
    c = round(c, load<u64>(at, 16));
    d = round(d, load<u64>(at, 24));
  }
  const hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  return merge(merge(merge(merge(hash, a), b), c), d);
}

/** xxh64 of `size` bytes. */
export function xxh64(from: usize, size: usize, seed: u64): u64 {
  const end = from + size;
  let hash = size >= 32 ? stripes(from, size, seed) : seed + prime5;
  hash += <u64>size;
  let at = from + (size & ~31);
  for (; at + 8 <= end; at += 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * prime1 + prime4;
  }
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * prime1), 23) * prime2 + prime3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * prime5), 11) * prime1;
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

/** Folds one more hash into a running one; order matters. Part of the placement hash. */
export function foldHash(running: u64, next: u64): u64 {
  return rotl<u64>(running ^ (next * prime2), 31) * prime1 + prime4;
}
