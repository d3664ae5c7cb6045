import { ByteWriter } from "./byte-writer.ts";

/** A snappy block in which the bytes of chosen ranges stand as literals and may be changed. */
export interface PatchableBlock {
  readonly block: Buffer;
  /** Where each range's bytes stand in the block. */
  readonly offsets: Uint32Array;
}

const hashBits = 15;
const distanceMax = 0xffff;
const matchMin = 4;

/**
 * Compresses `raw` so that each range `[start, start + sizeBytes)` is a literal that no copy
 * refers to: its bytes can be replaced afterwards and the block stays right. Format:
 * google/snappy format_description.txt.
 */
export function compressPatchable(
  raw: Buffer,
  starts: readonly number[],
  sizeBytes: number,
): PatchableBlock {
  const out = new ByteWriter(raw.length);
  const table = new Int32Array(1 << hashBits).fill(-1);
  const offsets = new Uint32Array(starts.length);
  const fixedBefore = fixedRangeEnds(raw.length, starts, sizeBytes);
  out.varint(raw.length);
  let literalFrom = 0;
  let at = 0;
  let nextFixed = 0;
  const flush = (to: number): void => {
    while (nextFixed < starts.length && (starts[nextFixed] as number) + sizeBytes <= to) {
      const start = starts[nextFixed] as number;
      writeLiteral(out, raw.subarray(literalFrom, start + sizeBytes));
      offsets[nextFixed++] = out.position - sizeBytes;
      literalFrom = start + sizeBytes;
    }
    writeLiteral(out, raw.subarray(literalFrom, to));
    literalFrom = to;
  };
  while (at < raw.length) {
    const limit = nextRange(starts, nextFixed, at, raw.length);
    if (limit <= at) {
      at = (starts[nextFixedAfter(starts, nextFixed, at)] as number) + sizeBytes;
      flush(at);
      continue;
    }
    const length = findMatch({ raw, table, fixedBefore }, at, limit);
    if (length === 0) at++;
    else {
      flush(at);
      writeCopies(out, at - lastMatch, length);
      at += length;
      literalFrom = at;
    }
  }
  flush(raw.length);
  return { block: Buffer.from(out.written()), offsets };
}

let lastMatch = 0;

interface MatchState {
  readonly raw: Buffer;
  readonly table: Int32Array;
  /** For each position: the end of the last range that ends at or before it. */
  readonly fixedBefore: Uint32Array;
}

/** Length of a match for `at` that stays before `limit`; its source is left in `lastMatch`. */
function findMatch(state: MatchState, at: number, limit: number): number {
  const { raw, table } = state;
  if (at + matchMin > limit) return 0;
  const word = raw.readUInt32LE(at);
  const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - hashBits);
  const candidate = table[slot] as number;
  table[slot] = at;
  if (candidate < 0 || at - candidate > distanceMax || raw.readUInt32LE(candidate) !== word)
    return 0;
  let length = matchMin;
  while (at + length < limit && raw[candidate + length] === raw[at + length]) length++;
  const clear = clearRun(state.fixedBefore, candidate, length);
  lastMatch = candidate;
  return clear >= matchMin ? clear : 0;
}

/** How much of `[from, from + length)` comes before the next changeable byte. */
function clearRun(fixedBefore: Uint32Array, from: number, length: number): number {
  let clear = 0;
  while (clear < length && fixedBefore[from + clear] === 0) clear++;
  return clear;
}

/** Marks changeable bytes with 1. */
function fixedRangeEnds(size: number, starts: readonly number[], sizeBytes: number): Uint32Array {
  const marks = new Uint32Array(size);
  for (const start of starts) marks.fill(1, start, start + sizeBytes);
  return marks;
}

function nextFixedAfter(starts: readonly number[], from: number, at: number): number {
  let index = from;
  while (index < starts.length && (starts[index] as number) < at) index++;
  return index;
}

/** Start of the next changeable range at or after `at`. */
function nextRange(starts: readonly number[], from: number, at: number, size: number): number {
  const index = nextFixedAfter(starts, from, at);
  return index < starts.length ? (starts[index] as number) : size;
}

function writeLiteral(out: ByteWriter, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const extra = bytes.length - 1;
  if (extra < 60) out.byte(extra << 2);
  else if (extra < 0x100) {
    out.byte(60 << 2);
    out.byte(extra);
  } else if (extra < 0x1_0000) {
    out.byte(61 << 2);
    out.byte(extra & 0xff);
    out.byte(extra >> 8);
  } else {
    out.byte(62 << 2);
    out.byte(extra & 0xff);
    out.byte((extra >> 8) & 0xff);
    out.byte(extra >> 16);
  }
  out.raw(bytes);
}

function writeCopies(out: ByteWriter, distance: number, length: number): void {
  let rest = length;
  while (rest > 0) {
    const part = Math.min(rest, 64);
    out.byte(((part - 1) << 2) | 2);
    out.byte(distance & 0xff);
    out.byte(distance >> 8);
    rest -= part;
  }
}
