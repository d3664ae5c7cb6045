import { spanAlloc, spanFree, unitsOf } from "./memory";

/**
 * Small records in 80 size classes: steps of 16 bytes up to 256, then eight steps per doubling
 * up to 64 KiB. A class takes 64 KiB pages and cuts them as it needs; freed records go to the
 * class's list. Classes above 8 KiB are spans of their own.
 */

const classCount: u32 = 80;
/** First class whose records are spans of their own: 9 KiB. */
const spanClassFirst: u32 = 56;
const pageUnits: u32 = 16;
const pageSize: usize = 65536;
/** Per class: u32 free list, u32 next uncut byte, u32 end of the page being cut. */
const classes: usize = memory.data(80 * 12, 8);

/** Class that holds `size` bytes, or `classCount` when none does. */
export function slabClass(size: usize): u32 {
  if (size <= 256) return size == 0 ? 0 : <u32>((size - 1) >> 4);
  if (size > 65536) return classCount;
  const last = <u32>size - 1;
  const exponent = 31 - clz<u32>(last);
  return 16 + ((exponent - 8) << 3) + ((last >> (exponent - 3)) & 7);
}

/** Bytes that a record of the class has. */
export function slabClassSize(slab: u32): usize {
  if (slab < 16) return (<usize>slab + 1) << 4;
  const above = slab - 16;
  return (<usize>((above & 7) + 9)) << ((above >> 3) + 5);
}

/** Takes a record of a class, its contents undefined; 0 when memory is out. */
export function slabAlloc(slab: u32): usize {
  if (slab >= classCount) return 0;
  const state = classes + <usize>slab * 12;
  const free = load<u32>(state);
  if (free != 0) {
    store<u32>(state, load<u32>(free));
    return free;
  }
  const size = slabClassSize(slab);
  if (slab >= spanClassFirst) return spanAlloc(unitsOf(size));
  let next: usize = load<u32>(state, 4);
  if (next == 0 || next + size > load<u32>(state, 8)) {
    next = spanAlloc(pageUnits);
    if (next == 0) return 0;
    store<u32>(state, <u32>(next + pageSize), 8);
  }
  store<u32>(state, <u32>(next + size), 4);
  return next;
}

/** Gives a record back to its class. */
export function slabFree(slab: u32, record: usize): void {
  if (slab >= spanClassFirst) {
    spanFree(record, unitsOf(slabClassSize(slab)));
    return;
  }
  const state = classes + <usize>slab * 12;
  store<u32>(record, load<u32>(state));
  store<u32>(state, <u32>record);
}
