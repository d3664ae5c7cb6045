import { spanAlloc, spanFree } from "./memory";

/**
 * Directory: number → pointer over the whole range of u32 in three levels (1024 × 1024 × 4096),
 * so that nothing needs more than 16 KiB in one piece. Leaves without an entry are freed.
 * The middle level keeps (leaf, entries in use) per slot.
 */

/** Makes an empty directory; 0 when memory is out. */
export function directoryCreate(): usize {
  const root = spanAlloc(1);
  if (root != 0) memory.fill(root, 0, 4096);
  return root;
}

/** What was set for the number, or 0. */
export function directoryGet(root: usize, id: u32): usize {
  const middle: usize = load<u32>(root + ((id >> 22) << 2));
  if (middle == 0) return 0;
  const leaf: usize = load<u32>(middle + (((id >> 12) & 1023) << 3));
  if (leaf == 0) return 0;
  return load<u32>(leaf + ((id & 4095) << 2));
}

/** Sets a pointer for a number that has none; false when memory is out. */
export function directorySet(root: usize, id: u32, pointer: usize): bool {
  const top = root + ((id >> 22) << 2);
  let middle: usize = load<u32>(top);
  if (middle == 0) {
    middle = spanAlloc(2);
    if (middle == 0) return false;
    memory.fill(middle, 0, 8192);
    store<u32>(top, <u32>middle);
  }
  const slot = middle + (((id >> 12) & 1023) << 3);
  let leaf: usize = load<u32>(slot);
  if (leaf == 0) {
    leaf = spanAlloc(4);
    if (leaf == 0) return false;
    memory.fill(leaf, 0, 16384);
    store<u32>(slot, <u32>leaf);
  }
  store<u32>(leaf + ((id & 4095) << 2), <u32>pointer);
  store<u32>(slot, load<u32>(slot, 4) + 1, 4);
  return true;
}

/** Forgets a number that was set. */
export function directoryClear(root: usize, id: u32): void {
  const middle: usize = load<u32>(root + ((id >> 22) << 2));
  const slot = middle + (((id >> 12) & 1023) << 3);
  const leaf: usize = load<u32>(slot);
  store<u32>(leaf + ((id & 4095) << 2), 0);
  const used = load<u32>(slot, 4) - 1;
  store<u32>(slot, used, 4);
  if (used != 0) return;
  spanFree(leaf, 4);
  store<u32>(slot, 0);
}

/** Lowest number from `id` up to `last` that is set; 0 when there is none. */
export function directoryNext(root: usize, id: u32, last: u32): u32 {
  let at: u64 = id;
  while (at <= <u64>last) {
    const middle: usize = load<u32>(root + ((<u32>at >> 22) << 2));
    if (middle == 0) {
      at = ((at >> 22) + 1) << 22;
      continue;
    }
    const leaf: usize = load<u32>(middle + (((<u32>at >> 12) & 1023) << 3));
    if (leaf == 0) {
      at = ((at >> 12) + 1) << 12;
      continue;
    }
    if (load<u32>(leaf + ((<u32>at & 4095) << 2)) != 0) return <u32>at;
    at++;
  }
  return 0;
}
