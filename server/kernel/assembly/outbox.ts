import { spanAlloc, spanFree } from "./memory";

/**
 * The outbox: bytes of sealed chunks on their way to the chunks file, as a chain of 64 KiB
 * pages. It grows as long as there is memory; the position of the next chunk is known here,
 * so that a series can refer to a chunk before it is written.
 */

const pageUnits: u32 = 16;
const pageSize: usize = 65536;
const pageHead: usize = 8;

let firstPage: usize = 0;
let firstFrom: usize = 0;
let lastPage: usize = 0;
let lastTo: usize = 0;
/** Bytes that wait. */
export let outboxBytes: f64 = 0;
/** Where the next sealed chunk will lie. */
export let chunksFile: u32 = 0;
export let chunksOffset: u64 = 0;

/** Names the chunks file and the place in it for what is sealed from now on. */
export function chunksPosition(file: u32, offset: f64): void {
  chunksFile = file;
  chunksOffset = <u64>offset;
}

/** Takes the next page into use; false when memory is out. */
function addPage(): bool {
  const page = spanAlloc(pageUnits);
  if (page == 0) return false;
  store<u32>(page, 0);
  if (lastPage != 0) store<u32>(lastPage, <u32>page);
  else {
    firstPage = page;
    firstFrom = page + pageHead;
  }
  lastPage = page;
  lastTo = page + pageHead;
  return true;
}

/** Appends bytes; false when memory is out, which `resolve` prevents by keeping a reserve. */
export function outboxPut(from: usize, size: usize): bool {
  let at = from;
  let rest = size;
  while (rest != 0) {
    if ((lastPage == 0 || lastTo == lastPage + pageSize) && !addPage()) return false;
    const part = min<usize>(rest, lastPage + pageSize - lastTo);
    memory.copy(lastTo, at, part);
    lastTo += part;
    at += part;
    rest -= part;
  }
  outboxBytes += <f64>size;
  chunksOffset += <u64>size;
  return true;
}

/** Oldest waiting bytes that lie in one piece. */
export function outboxPointer(): usize {
  return firstFrom;
}

/** How many those are. */
export function outboxPieceSize(): usize {
  if (firstPage == 0) return 0;
  return (firstPage == lastPage ? lastTo : firstPage + pageSize) - firstFrom;
}

/** Drops bytes from the front that are in the file now. More than wait is taken as all. */
export function outboxDrop(size: usize): void {
  let rest = size;
  while (rest != 0 && firstPage != 0) {
    const piece = outboxPieceSize();
    const part = min<usize>(rest, piece);
    firstFrom += part;
    outboxBytes -= <f64>part;
    rest -= part;
    if (part < piece) return;
    dropPage();
  }
}

function dropPage(): void {
  const page = firstPage;
  if (page == lastPage) {
    firstPage = 0;
    lastPage = 0;
  } else {
    firstPage = load<u32>(page);
    firstFrom = firstPage + pageHead;
  }
  spanFree(page, pageUnits);
}
