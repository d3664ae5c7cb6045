import { slabAlloc, slabClass, slabFree } from "./slab";
import {
  postingsBlocks,
  postingsDead,
  postingsFirst,
  postingsInline,
  postingsInlineEnd,
  postingsLast,
  postingsLimit,
  postingsLive,
  postingsTotal,
  postingsWrite,
} from "./structs";
import { readVarint, varintSize, wireAt, writeVarint } from "./wire";

/**
 * Postings: refs of the series that have a pair, ascending, as varint deltas. The bytes form
 * one stream: 8 in the record itself, then blocks of 16, 32, … 1024 bytes whose first word
 * points to the next. Every block but the last is full, so no block needs a size of its own.
 */

const blockSizeMax: u32 = 1024;
const blockFirstShift: u32 = 4;

/** Sets up an empty list at `list`. */
export function postingsStart(list: usize): void {
  for (let at: usize = 0; at < <usize>postingsTotal; at += 4) store<u32>(list + at, 0);
  store<u32>(list, <u32>(list + postingsInline), postingsWrite);
  store<u32>(list, <u32>(list + postingsInlineEnd), postingsLimit);
}

function blockSize(number: u32): u32 {
  return number >= 6 ? blockSizeMax : 1 << (number + blockFirstShift);
}

/** Makes room for `size` more bytes; false when memory is out. */
function reserve(list: usize, size: u32): bool {
  const left = load<u32>(list, postingsLimit) - load<u32>(list, postingsWrite);
  if (left >= size) return true;
  // The next block must exist before the present one is filled: chain it now.
  const number = load<u32>(list, postingsBlocks);
  const bytes = blockSize(number);
  const block = slabAlloc(slabClass(bytes));
  if (block == 0) return false;
  store<u32>(block, 0);
  spillBlock = block;
  spillSize = bytes;
  return true;
}

let spillBlock: usize = 0;
let spillSize: u32 = 0;

/** Adds a ref that is above all others of the list; false when memory is out. */
export function postingsAppend(list: usize, ref: u32): bool {
  const delta = ref - load<u32>(list, postingsLast);
  const size = varintSize(delta);
  spillBlock = 0;
  if (!reserve(list, size)) return false;
  const to: usize = load<u32>(list, postingsWrite);
  if (spillBlock == 0) {
    store<u32>(list, <u32>writeVarint(to, delta), postingsWrite);
  } else {
    appendAcross(list, to, delta);
  }
  store<u32>(list, ref, postingsLast);
  store<u32>(list, load<u32>(list, postingsLive) + 1, postingsLive);
  return true;
}

function appendAcross(list: usize, to: usize, delta: u32): void {
  const limit: usize = load<u32>(list, postingsLimit);
  const block = spillBlock;
  const number = load<u32>(list, postingsBlocks);
  if (number == 0) store<u32>(list, <u32>block, postingsFirst);
  else store<u32>(limit - blockSize(number - 1), <u32>block);
  store<u32>(list, number + 1, postingsBlocks);
  let at = to;
  let rest = delta;
  let more = true;
  while (more) {
    if (at == limit) at = block + 4;
    more = rest >= 0x80;
    store<u8>(at, more ? rest | 0x80 : rest);
    rest >>= 7;
    at++;
  }
  if (at == limit) at = block + 4;
  store<u32>(list, <u32>at, postingsWrite);
  store<u32>(list, <u32>(block + spillSize), postingsLimit);
}

/** Frees the blocks of a list, which is then empty. */
export function postingsFree(list: usize): void {
  cursorForget(list);
  let block: usize = load<u32>(list, postingsFirst);
  const blocks = load<u32>(list, postingsBlocks);
  for (let number: u32 = 0; number < blocks; number++) {
    const next: usize = load<u32>(block);
    slabFree(slabClass(blockSize(number)), block);
    block = next;
  }
  postingsStart(list);
}

/** Entries of a list, dead ones included. */
function postingsEntries(list: usize): u32 {
  return load<u32>(list, postingsLive) + load<u32>(list, postingsDead);
}

/** The one reading position that is open: `cursorOpen`, then `cursorNext` per entry. */
let cursorAt: usize = 0;
let cursorLimit: usize = 0;
let cursorFirst: usize = 0;
let cursorBlock: usize = 0;
let cursorNumber: u32 = 0;
let cursorRef: u32 = 0;
/** Entries not read yet. */
export let cursorLeft: u32 = 0;

/** Opens the cursor at the start of a list. The list must not change while it is read. */
export function cursorOpen(list: usize): void {
  cursorAt = list + postingsInline;
  cursorLimit = list + postingsInlineEnd;
  cursorFirst = load<u32>(list, postingsFirst);
  cursorBlock = 0;
  cursorNumber = 0;
  cursorRef = 0;
  cursorLeft = postingsEntries(list);
}

/** The next entry; only while `cursorLeft` is above zero. */
export function cursorNext(): u32 {
  cursorLeft--;
  if (cursorLimit - cursorAt >= 5) {
    cursorRef += <u32>readVarint(cursorAt, cursorLimit);
    cursorAt = wireAt;
    return cursorRef;
  }
  let delta: u32 = 0;
  let shift: u32 = 0;
  let byte: u32 = 0x80;
  while (byte >= 0x80) {
    if (cursorAt == cursorLimit) cursorBlockNext();
    byte = load<u8>(cursorAt);
    cursorAt++;
    delta |= (byte & 0x7f) << shift;
    shift += 7;
  }
  cursorRef += delta;
  return cursorRef;
}

function cursorBlockNext(): void {
  cursorBlock = cursorBlock == 0 ? cursorFirst : <usize>load<u32>(cursorBlock);
  cursorAt = cursorBlock + 4;
  cursorLimit = cursorBlock + blockSize(cursorNumber);
  cursorNumber++;
}

/** Cursor of a walk while another list is read in its midst. */
const pushed: usize = memory.data(32, 8);

/** Keeps the cursor for `cursorPop`: one list may be read while another is being walked. */
export function cursorPush(): void {
  cursorStore(pushed);
  store<u32>(pushed, cursorLeft, 24);
}

/** Takes the cursor up again where `cursorPush` kept it. */
export function cursorPop(): void {
  cursorLoad(pushed);
  cursorFirst = load<u32>(pushed, 8);
  cursorLeft = load<u32>(pushed, 24);
}

function cursorStore(to: usize): void {
  store<u32>(to, <u32>cursorAt);
  store<u32>(to, <u32>cursorLimit, 4);
  store<u32>(to, <u32>cursorFirst, 8);
  store<u32>(to, <u32>cursorBlock, 12);
  store<u32>(to, cursorNumber, 16);
  store<u32>(to, cursorRef, 20);
}

function cursorLoad(from: usize): void {
  cursorAt = load<u32>(from);
  cursorLimit = load<u32>(from, 4);
  cursorBlock = load<u32>(from, 12);
  cursorNumber = load<u32>(from, 16);
  cursorRef = load<u32>(from, 20);
}

/** Where the cursor was put aside: a walk in slices goes on there. */
const saved: usize = memory.data(32, 8);
let savedList: usize = 0;

/** Puts the cursor aside, so that it can go on after other lists were read. */
export function cursorSave(list: usize): void {
  savedList = list;
  cursorStore(saved);
  store<u32>(saved, postingsEntries(list) - cursorLeft, 24);
}

/**
 * Takes the cursor up again behind `ref`; false when it was not put aside there or the list was
 * written anew since. Entries that were added meanwhile are read too.
 */
export function cursorRestore(list: usize, ref: u32): bool {
  if (savedList != list || load<u32>(saved, 20) != ref) return false;
  cursorLoad(saved);
  cursorFirst = load<u32>(list, postingsFirst);
  cursorLeft = postingsEntries(list) - load<u32>(saved, 24);
  return true;
}

/** Forgets a cursor put aside on a list that is being written anew. */
function cursorForget(list: usize): void {
  if (savedList == list) savedList = 0;
}
