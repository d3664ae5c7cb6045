import { randomInt } from "node:crypto";
import { uvarintSizeBytes, writeUvarint } from "../platform/encoding/index.ts";
import { type GrowingBytes, reserveBytes } from "./growing-bytes.ts";
import { createSymbolWriter, type FramePair, symbolTagOf } from "./symbol-writer.ts";

/**
 * The label sets of one tenant's series by number, as the bytes that tell a reader of them:
 * fields of urd.ingester.v1.LabelSets, in the order in which the sets were numbered. A reader
 * that holds the first n is sent what lies behind them, by one copy.
 */
export interface LabelSetLog {
  /** Names this numbering; no two logs have the same one. */
  readonly epoch: number;
  /** Sets numbered so far. */
  readonly count: number;
  /** Number of a series' label set, from 1 on; 0 when it has none yet. */
  numberOf(seriesRef: number): number;
  /** Numbers a series that has no number; 0 when the log is full. */
  add(seriesRef: number, pairs: readonly FramePair[]): number;
  /** A LabelSets message that tells of all sets behind the first `known`. */
  message(known: number): Uint8Array;
}

/**
 * Bounds a log, and with it the frame that tells a newcomer all of it: labels of some 40,000
 * series, which their readers hold as strings.
 */
const sizeBytesMax = 2 * 1024 * 1024;

const tags = {
  epoch: 0x08,
  setsBefore: 0x10,
  symbolsBefore: 0x18,
  set: 0x2a,
  setLabelRefs: 0x0a,
} as const;
const symbolTag = symbolTagOf(4);

/** Starts an empty log. */
export function createLabelSetLog(): LabelSetLog {
  return new Log();
}

class Log implements LabelSetLog {
  readonly epoch = randomInt(1, 2 ** 47);
  readonly #numbers = new Map<number, number>();
  readonly #symbols = createSymbolWriter(4096, symbolTag);
  /** By number of sets: the bytes and the symbols that tell of them. */
  readonly #ends: number[] = [0];
  readonly #symbolCounts: number[] = [0];

  get count(): number {
    return this.#ends.length - 1;
  }

  numberOf(seriesRef: number): number {
    return this.#numbers.get(seriesRef) ?? 0;
  }

  add(seriesRef: number, pairs: readonly FramePair[]): number {
    const { out, refOf } = this.#symbols;
    if (out.length >= sizeBytesMax) return 0;
    const refs = pairs.flatMap((pair) => [refOf(pair.name), refOf(pair.value)]);
    appendSet(out, refs);
    this.#ends.push(out.length);
    this.#symbolCounts.push(this.#symbols.count());
    this.#numbers.set(seriesRef, this.count);
    return this.count;
  }

  message(known: number): Uint8Array {
    const symbolsBefore = this.#symbolCounts[known]!;
    const { bytes, length } = this.#symbols.out;
    const log = bytes.subarray(this.#ends[known], length);
    const head = new Uint8Array(4 * 10);
    let at = 0;
    head[at++] = tags.epoch;
    at = writeUvarint(head, at, this.epoch);
    if (known > 0) {
      head[at++] = tags.setsBefore;
      at = writeUvarint(head, at, known);
    }
    if (symbolsBefore > 0) {
      head[at++] = tags.symbolsBefore;
      at = writeUvarint(head, at, symbolsBefore);
    }
    const message = new Uint8Array(at + log.length);
    message.set(head.subarray(0, at));
    message.set(log, at);
    return message;
  }
}

function appendSet(out: GrowingBytes, refs: readonly number[]): void {
  let refsSize = 0;
  for (const ref of refs) refsSize += uvarintSizeBytes(ref);
  const setSize = refsSize === 0 ? 0 : 1 + uvarintSizeBytes(refsSize) + refsSize;
  reserveBytes(out, 1 + uvarintSizeBytes(setSize) + setSize);
  const { bytes } = out;
  bytes[out.length] = tags.set;
  let at = writeUvarint(bytes, out.length + 1, setSize);
  if (refsSize > 0) {
    bytes[at++] = tags.setLabelRefs;
    at = writeUvarint(bytes, at, refsSize);
  }
  for (const ref of refs) at = writeUvarint(bytes, at, ref);
  out.length = at;
}
