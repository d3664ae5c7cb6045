/**
 * Where all memory comes from: spans of 4 KiB units, taken from a sorted free list (first fit,
 * joined again when freed) or from the end of the memory, which grows on demand. Zero means
 * that there is none: no function here traps. At least one page behind the last span is always
 * committed, so that 16-byte loads may read past the end of any record.
 */

const unitShift: u32 = 12;
const unitSize: usize = 4096;
/** Memory grows by at least 1 MiB: growing costs a call into the engine. */
const growPagesMin: u32 = 16;

let bump: usize = 0;
let committed: usize = 0;
let unitsMax: u32 = 0;
let unitsUsed: u32 = 0;
let spansFree: usize = 0;

/**
 * Sets the bound of all spans together, and how much of the address space to leave out at its
 * front; called once before anything else.
 */
export function memoryStart(limitUnits: u32, skipUnits: u32): void {
  unitsMax = limitUnits;
  bump = (__heap_base + unitSize - 1) & ~(unitSize - 1);
  bump += (<usize>skipUnits) << unitShift;
  committed = (<usize>memory.size() - 1) << 16;
}

/** Units of 4 KiB that a size needs. */
export function unitsOf(size: usize): u32 {
  return <u32>((<u64>size + 4095) >> unitShift);
}

/** Bytes in use by all spans. */
export function memoryUsed(): u64 {
  return (<u64>unitsUsed) << unitShift;
}

/** Bytes that may still be taken. */
export function memoryLeft(): u64 {
  return (<u64>(unitsMax - unitsUsed)) << unitShift;
}

/** Takes a span of units; 0 when the bound is reached or the engine gives no more memory. */
export function spanAlloc(units: u32): usize {
  if (units == 0 || units > unitsMax - unitsUsed) return 0;
  let previous: usize = 0;
  let node = spansFree;
  while (node != 0) {
    const has = load<u32>(node, 4);
    if (has >= units) return spanTake(previous, node, units);
    previous = node;
    node = load<u32>(node);
  }
  return bumpAlloc(units);
}

function spanTake(previous: usize, node: usize, units: u32): usize {
  const has = load<u32>(node, 4);
  unitsUsed += units;
  if (has > units) {
    store<u32>(node, has - units, 4);
    return node + ((<usize>(has - units)) << unitShift);
  }
  const next = load<u32>(node);
  if (previous != 0) store<u32>(previous, next);
  else spansFree = next;
  return node;
}

function bumpAlloc(units: u32): usize {
  const end = <u64>bump + ((<u64>units) << unitShift);
  if (end > <u64>committed && !commit(end)) return 0;
  const taken = bump;
  bump = <usize>end;
  unitsUsed += units;
  return taken;
}

function commit(end: u64): bool {
  if (end > 0xffff0000) return false;
  const pages = <u32>((end - <u64>committed + 0xffff) >> 16);
  const wanted = max<u32>(pages, growPagesMin);
  if (memory.grow(wanted) < 0 && memory.grow(pages) < 0) return false;
  committed = (<usize>memory.size() - 1) << 16;
  return true;
}

/** Gives a span back; neighbours are joined. */
export function spanFree(span: usize, units: u32): void {
  unitsUsed -= units;
  let previous: usize = 0;
  let next = spansFree;
  while (next != 0 && next < span) {
    previous = next;
    next = load<u32>(next);
  }
  store<u32>(span, next);
  store<u32>(span, units, 4);
  if (previous != 0) store<u32>(previous, span);
  else spansFree = span;
  if (next != 0) joinSpans(span, next);
  if (previous != 0) joinSpans(previous, span);
}

function joinSpans(left: usize, right: usize): void {
  const size = load<u32>(left, 4);
  if (left + ((<usize>size) << unitShift) != right) return;
  store<u32>(left, size + load<u32>(right, 4), 4);
  store<u32>(left, load<u32>(right));
}

/** Buffers that are one piece and grow by being replaced; their contents are then lost. */
export const bufferInput: u32 = 0;
export const bufferRecord: u32 = 1;
export const bufferResult: u32 = 2;
export const bufferSymbols: u32 = 3;
const buffers: usize = memory.data(32, 8);

/** Pointer of a buffer with at least `size` bytes and 64 of slack; 0 when memory is out. */
export function bufferEnsure(buffer: u32, size: usize): usize {
  const slot = buffers + ((<usize>buffer) << 3);
  const has = load<u32>(slot, 4);
  const units = unitsOf(size + 64);
  if (size > 0xfff00000) return 0;
  if (units <= has) return load<u32>(slot);
  if (has != 0) spanFree(load<u32>(slot), has);
  store<u64>(slot, 0);
  const rounded = roundUnits(units);
  let span = spanAlloc(rounded);
  let got = rounded;
  if (span == 0) {
    span = spanAlloc(units);
    got = units;
  }
  if (span == 0) return 0;
  store<u32>(slot, <u32>span);
  store<u32>(slot, got, 4);
  return span;
}

/** Pointer of a buffer as it stands. */
export function bufferPointer(buffer: u32): usize {
  return load<u32>(buffers + ((<usize>buffer) << 3));
}

/** Up to 1 MiB the next power of two, then whole MiB: few replacements, little waste. */
function roundUnits(units: u32): u32 {
  if (units >= 256) return (units + 255) & ~255;
  return units <= 1 ? 1 : 1 << (32 - clz<u32>(units - 1));
}
