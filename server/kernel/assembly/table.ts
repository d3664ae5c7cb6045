import { spanAlloc } from "./memory";
import { slabAlloc, slabClass, slabFree } from "./slab";

/**
 * Linear hashing: one bucket is split at a time, so the table never stalls to grow. A bucket is
 * one cache line of up to seven (hash, record) entries, with further lines chained when it is
 * full; so a search touches one line, and a record only when 32 bits of its hash agree. Lines
 * lie in 64 KiB pages behind one page of pointers. The table never shrinks.
 */

const tablePages = 0;
/** Buckets at the beginning of this round of splits, and the next one to be split. */
const tableRound = 4;
const tableSplit = 8;
const tableEntries = 12;
/** Bytes of a table's own state. */
export const tableStateSize: usize = 16;
/** Entries of a line: u32 hash, u32 record; then u32 count, u32 next line. */
const lineEntries: u32 = 7;
const lineCount = 56;
const lineNext = 60;
const lineSize: usize = 64;
const pageShift: u32 = 10;
const firstBuckets: u32 = 1024;
/** Entries per bucket at which one more bucket is made: lines are a little more than half full. */
const loadMax: u32 = 4;

/** Sets up a table whose state lies at `table`; false when memory is out. */
export function tableStart(table: usize): bool {
  const pages = spanAlloc(16);
  const first = newPage();
  if (pages == 0 || first == 0) return false;
  memory.fill(pages, 0, 65536);
  store<u32>(pages, <u32>first);
  store<u32>(table, <u32>pages, tablePages);
  store<u32>(table, firstBuckets, tableRound);
  store<u32>(table, 0, tableSplit);
  store<u32>(table, 0, tableEntries);
  return true;
}

function newPage(): usize {
  const page = spanAlloc(16);
  if (page != 0) memory.fill(page, 0, 65536);
  return page;
}

function lineOf(table: usize, bucket: u32): usize {
  const page: usize = load<u32>(<usize>load<u32>(table, tablePages) + ((bucket >> pageShift) << 2));
  return page + ((bucket & 1023) << 6);
}

function bucketLine(table: usize, hash: u32): usize {
  const round = load<u32>(table, tableRound);
  const bucket = hash & (round - 1);
  const split = bucket < load<u32>(table, tableSplit);
  return lineOf(table, split ? hash & ((round << 1) - 1) : bucket);
}

/** Where the search under way goes on. */
let probeLine: usize = 0;
let probeEntry: u32 = 0;
let probeHash: u32 = 0;

/** The first record of this hash, or 0; `tableNext` gives the others. */
export function tableFirst(table: usize, hash: u32): usize {
  probeLine = bucketLine(table, hash);
  probeEntry = 0;
  probeHash = hash;
  return tableNext();
}

/** The next record of the hash that `tableFirst` was asked for, or 0. */
export function tableNext(): usize {
  let line = probeLine;
  let entry = probeEntry;
  while (line != 0) {
    const count = load<u32>(line, lineCount);
    for (; entry < count; entry++) {
      const at = line + (entry << 3);
      if (load<u32>(at) != probeHash) continue;
      probeLine = line;
      probeEntry = entry + 1;
      return load<u32>(at, 4);
    }
    line = load<u32>(line, lineNext);
    entry = 0;
  }
  return 0;
}

/** Adds a record; false when memory is out. Growth that memory does not allow is put off. */
export function tableInsert(table: usize, hash: u32, record: usize): bool {
  let line = bucketLine(table, hash);
  while (load<u32>(line, lineCount) == lineEntries) {
    if (load<u32>(line, lineNext) == 0 && !chainLine(line)) return false;
    line = load<u32>(line, lineNext);
  }
  putEntry(line, hash, <u32>record);
  const entries = load<u32>(table, tableEntries) + 1;
  store<u32>(table, entries, tableEntries);
  const buckets = load<u32>(table, tableRound) + load<u32>(table, tableSplit);
  if (entries > buckets * loadMax) splitOne(table);
  return true;
}

function putEntry(line: usize, hash: u32, record: u32): void {
  const count = load<u32>(line, lineCount);
  store<u32>(line + (count << 3), hash);
  store<u32>(line + (count << 3), record, 4);
  store<u32>(line, count + 1, lineCount);
}

function chainLine(line: usize): bool {
  const next = slabAlloc(slabClass(lineSize));
  if (next == 0) return false;
  store<u64>(next, 0, lineCount);
  store<u32>(line, <u32>next, lineNext);
  return true;
}

/** Takes a record out that is in: the last entry of its chain takes its place. */
export function tableRemove(table: usize, hash: u32, record: usize): void {
  let line = bucketLine(table, hash);
  let found: usize = 0;
  let before: usize = 0;
  for (;;) {
    const count = load<u32>(line, lineCount);
    for (let entry: u32 = 0; entry < count && found == 0; entry++) {
      if (load<u32>(line + (entry << 3), 4) == <u32>record) found = line + (entry << 3);
    }
    const next: usize = load<u32>(line, lineNext);
    if (next == 0) break;
    before = line;
    line = next;
  }
  if (found == 0) return;
  const last = load<u32>(line, lineCount) - 1;
  store<u64>(found, load<u64>(line + (last << 3)));
  store<u32>(line, last, lineCount);
  if (last == 0 && before != 0) {
    store<u32>(before, 0, lineNext);
    slabFree(slabClass(lineSize), line);
  }
  store<u32>(table, load<u32>(table, tableEntries) - 1, tableEntries);
}

function splitOne(table: usize): void {
  const round = load<u32>(table, tableRound);
  const split = load<u32>(table, tableSplit);
  const target = round + split;
  const pageSlot = <usize>load<u32>(table, tablePages) + ((target >> pageShift) << 2);
  if (target >> pageShift >= 16384) return;
  if (load<u32>(pageSlot) == 0) {
    const page = newPage();
    if (page == 0) return;
    store<u32>(pageSlot, <u32>page);
  }
  const from = lineOf(table, split);
  const to = lineOf(table, target);
  if (!reserveMoves(from, to, round)) return;
  moveEntries(from, to, round);
  const done = split + 1 == round;
  store<u32>(table, done ? round << 1 : round, tableRound);
  store<u32>(table, done ? 0 : split + 1, tableSplit);
}

/** Chains the lines that the entries which move will need; false, with none, when memory is out. */
function reserveMoves(from: usize, to: usize, bit: u32): bool {
  let moves: u32 = 0;
  for (let line = from; line != 0; line = load<u32>(line, lineNext)) {
    const count = load<u32>(line, lineCount);
    for (let entry: u32 = 0; entry < count; entry++) {
      if ((load<u32>(line + (entry << 3)) & bit) != 0) moves++;
    }
  }
  let last = to;
  for (let room = lineEntries; room < moves; room += lineEntries) {
    if (!chainLine(last)) {
      freeLines(to);
      return false;
    }
    last = load<u32>(last, lineNext);
  }
  return true;
}

/** Moves entries with the bit to the new bucket and draws the others together. */
function moveEntries(from: usize, to: usize, bit: u32): void {
  let stay = from;
  let stayed: u32 = 0;
  let target = to;
  for (let line = from; line != 0; line = load<u32>(line, lineNext)) {
    const count = load<u32>(line, lineCount);
    for (let entry: u32 = 0; entry < count; entry++) {
      const both = load<u64>(line + (entry << 3));
      if ((<u32>both & bit) != 0) {
        if (load<u32>(target, lineCount) == lineEntries) target = load<u32>(target, lineNext);
        putEntry(target, <u32>both, <u32>(both >> 32));
        continue;
      }
      if (stayed == lineEntries) {
        store<u32>(stay, lineEntries, lineCount);
        stay = load<u32>(stay, lineNext);
        stayed = 0;
      }
      store<u64>(stay + (stayed << 3), both);
      stayed++;
    }
  }
  store<u32>(stay, stayed, lineCount);
  freeLines(stay);
}

/** Frees the lines behind one. */
function freeLines(line: usize): void {
  let next: usize = load<u32>(line, lineNext);
  store<u32>(line, 0, lineNext);
  while (next != 0) {
    const after: usize = load<u32>(next, lineNext);
    slabFree(slabClass(lineSize), next);
    next = after;
  }
}
