import { staleHigh, staleLow } from "../../model/index.ts";
import { BitReader } from "./bit-reader.ts";
import { reserveSamples, type SampleColumns, startTimeColumn, truncateSamples } from "./columns.ts";
import {
  readStartTime,
  readStartTimes,
  type StartTimeReader,
  startTimeHeaderAt,
} from "./start-times.ts";
import type { TimeRange, XorDecoder } from "./xor-decode.ts";
import { makeXorValues, type XorValues } from "./xor-values.ts";

/**
 * Reads Prometheus's XOR2 chunks (tsdb/chunkenc/xor2.go there):
 *
 *   2 bytes   number of samples, big-endian
 *   1 byte    which samples have a start time, see `start-times.ts`
 *   first     time as zigzag varint, value as 8 bytes big-endian
 *   second    time delta as uvarint, value as below
 *   further   time and value together, d being the delta of the time delta:
 *             0 (d = 0, same value) | 10 + change (d = 0) | 110 + 13 bits + value |
 *             1110 + 20 bits + value | 11110 + 64 bits + value | 11111 (d = 0, stale marker);
 *             d in two's complement
 *   value     0 (same) | 10 + the bits that the last window spans | 110 + a new window | 111 (stale)
 *   change    the same without "same" and "stale": 0 + bits | 1 + a new window
 *
 * Windows are those of `xor-decode.ts`. A change is one from the last value that was no marker.
 */
const headerSizeBytes = 3;

/** 65,535 samples of 216 bits, start time included. */
const chunkSizeBytesMax = 4 * 1024 * 1024;

/** Makes a decoder of XOR2 chunks; it fills start times where the chunk has some. */
export function createXor2Decoder(): XorDecoder {
  return new Decoder();
}

/** Where the decoder stands. Time and delta in ms. */
interface Cursor {
  timeMs: number;
  deltaMs: number;
  isStale: boolean;
}

class Decoder implements XorDecoder {
  readonly #reader = new BitReader();
  readonly #last: XorValues = makeXorValues(1);

  decode(bytes: Uint8Array, range: TimeRange, into: SampleColumns): number {
    this.#reader.open(bytes, { headerSizeBytes, sizeBytesMax: chunkSizeBytesMax });
    const samples = (bytes[0]! << 8) | bytes[1]!;
    const header = bytes[startTimeHeaderAt]!;
    reserveSamples(into, samples);
    const lengthBefore = into.length;
    try {
      this.#decode(into, { samples, range, header });
    } catch (error) {
      truncateSamples(into, lengthBefore);
      throw error;
    }
    return samples;
  }

  #decode(
    into: SampleColumns,
    chunk: { readonly samples: number; readonly range: TimeRange; readonly header: number },
  ): void {
    const { startMs, endMs } = chunk.range;
    const reader = this.#reader;
    const starts = chunk.header === 0 ? undefined : readStartTimes(chunk.header);
    const startTimesMs = starts === undefined ? into.startTimesMs : startTimeColumn(into);
    const { timesMs, words } = into;
    const last = this.#last.words;
    const cursor: Cursor = { timeMs: 0, deltaMs: 0, isStale: false };
    this.#last.widths[0] = 64;
    this.#last.trailings[0] = 0;
    for (let i = 0; i < chunk.samples; i++) {
      const lastTimeMs = cursor.timeMs;
      this.#next(cursor, i);
      if (i > 0 && cursor.deltaMs <= 0) throw reader.fault("has times that do not ascend");
      const { timeMs } = cursor;
      if (starts !== undefined) readStartTime(starts, reader, { i, timeMs, lastTimeMs });
      if (timeMs > endMs) return;
      if (timeMs < startMs) continue;
      const to = into.length++;
      timesMs[to] = timeMs;
      words[2 * to] = cursor.isStale ? staleLow : last[0]!;
      words[2 * to + 1] = cursor.isStale ? staleHigh : last[1]!;
      if (startTimesMs !== undefined) startTimesMs[to] = startOf(starts);
    }
  }

  /** Reads time and value of sample `i`. */
  #next(cursor: Cursor, i: number): void {
    const reader = this.#reader;
    cursor.isStale = false;
    if (i === 0) {
      cursor.timeMs = reader.varint();
      this.#firstValue(cursor);
      return;
    }
    if (i === 1) {
      cursor.deltaMs = reader.uvarint();
      cursor.timeMs += cursor.deltaMs;
      this.#value(cursor);
      return;
    }
    const kind = reader.ones(5);
    if (kind === 2) cursor.deltaMs += signed(reader.bits(13), 13);
    else if (kind === 3) cursor.deltaMs += signed(reader.bits(20), 20);
    else if (kind === 4) cursor.deltaMs += reader.int64();
    cursor.timeMs += cursor.deltaMs;
    if (kind === 1) {
      if (reader.bits(1) === 1) reader.window(this.#last, 0);
      reader.change(this.#last, 0);
    } else if (kind === 5) cursor.isStale = true;
    else if (kind > 1) this.#value(cursor);
  }

  #firstValue(cursor: Cursor): void {
    const { words } = this.#last;
    this.#reader.words(words, 0);
    cursor.isStale = words[0] === staleLow && words[1] === staleHigh;
    if (cursor.isStale) words.fill(0);
  }

  #value(cursor: Cursor): void {
    const kind = this.#reader.ones(3);
    if (kind === 2) this.#reader.window(this.#last, 0);
    if (kind === 3) cursor.isStale = true;
    else if (kind > 0) this.#reader.change(this.#last, 0);
  }
}

function startOf(starts: StartTimeReader | undefined): number {
  return starts === undefined ? 0 : starts.startMs;
}

/** Two's complement of `width` bits. */
function signed(bits: number, width: number): number {
  return bits >= 1 << (width - 1) ? bits - (1 << width) : bits;
}
