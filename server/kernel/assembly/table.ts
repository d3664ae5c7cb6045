import { chainHash, chainNext } from "./structs";
import { spanAlloc } from "./memory";

/**
 * Linear hashing over chained records: one bucket is split per insertion, so the table never
 * stalls to grow, and buckets lie in 64 KiB pages behind one page of pointers. Buckets are as
 * many as records: a successful search meets 1.5 records on average. It never shrinks.
 */

const tablePages = 0;
const tableRound = 4;
const tableSplit = 8;
/** Bytes of a table's own state. */
export const tableStateSize: usize = 16;
/** Buckets per page. */
const pageShift: u32 = 14;
/** A table has 1024 buckets at first. */
const firstBuckets: u32 = 1024;

/** Sets up a table whose state lies at `table`; false when memory is out. */
export function tableStart(table: usize): bool {
  const pages = spanAlloc(16);
  const first = spanAlloc(16);
  if (pages == 0 || first == 0) return false;
  memory.fill(pages, 0, 65536);
  memory.fill(first, 0, 65536);
  store<u32>(pages, <u32>first);
  store<u32>(table, <u32>pages, tablePages);
  store<u32>(table, firstBuckets, tableRound);
  store<u32>(table, 0, tableSplit);
  return true;
}

function slotOf(table: usize, bucket: u32): usize {
  const page: usize = load<u32>(load<u32>(table, tablePages) + ((bucket >> pageShift) << 2));
  return page + ((bucket & 16383) << 2);
}

function bucketOf(table: usize, hash: u32): u32 {
  const round = load<u32>(table, tableRound);
  const bucket = hash & (round - 1);
  return bucket < load<u32>(table, tableSplit) ? hash & ((round << 1) - 1) : bucket;
}

/** First record of the chain that a record of this hash would be in; 0 when it is empty. */
export function tableChain(table: usize, hash: u32): usize {
  return load<u32>(slotOf(table, bucketOf(table, hash)));
}

/** Adds a record by its `chainHash`. Growth that memory does not allow is put off. */
export function tableInsert(table: usize, record: usize): void {
  const slot = slotOf(table, bucketOf(table, load<u32>(record, chainHash)));
  store<u32>(record, load<u32>(slot), chainNext);
  store<u32>(slot, <u32>record);
  splitOne(table);
}

/** Takes a record out that is in. */
export function tableRemove(table: usize, record: usize): void {
  const slot = slotOf(table, bucketOf(table, load<u32>(record, chainHash)));
  let at: usize = load<u32>(slot);
  if (at == record) {
    store<u32>(slot, load<u32>(record, chainNext));
    return;
  }
  while (at != 0) {
    const next: usize = load<u32>(at, chainNext);
    if (next == record) {
      store<u32>(at, load<u32>(record, chainNext), chainNext);
      return;
    }
    at = next;
  }
}

function splitOne(table: usize): void {
  const round = load<u32>(table, tableRound);
  const split = load<u32>(table, tableSplit);
  const target = round + split;
  const pageSlot = <usize>load<u32>(table, tablePages) + ((target >> pageShift) << 2);
  if (target >> pageShift >= 16384) return;
  if (load<u32>(pageSlot) == 0) {
    const page = spanAlloc(16);
    if (page == 0) return;
    memory.fill(page, 0, 65536);
    store<u32>(pageSlot, <u32>page);
  }
  const from = slotOf(table, split);
  let stay: usize = 0;
  let move: usize = 0;
  let at: usize = load<u32>(from);
  while (at != 0) {
    const next: usize = load<u32>(at, chainNext);
    if ((load<u32>(at, chainHash) & round) != 0) {
      store<u32>(at, <u32>move, chainNext);
      move = at;
    } else {
      store<u32>(at, <u32>stay, chainNext);
      stay = at;
    }
    at = next;
  }
  store<u32>(from, <u32>stay);
  store<u32>(slotOf(table, target), <u32>move);
  const done = split + 1 == round;
  store<u32>(table, done ? round << 1 : round, tableRound);
  store<u32>(table, done ? 0 : split + 1, tableSplit);
}
