import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/**
 * Start times of samples, as XOR2 chunks and the ST forms of histogram chunks have them: behind
 * each sample the distance from the time of the sample before (of the same one in the first) as
 * varint in the first sample, else as varbit_int; from the second one that stands there on it is
 * the change of the distance. Byte 2 of the chunk says which samples have one:
 *
 *   bit 7      the first sample has one
 *   bits 0-6   the sample from which on all have one; 0: none has, all are like the first
 *
 * When nothing has changed up to sample 127, whose number is the last that fits, it changes there.
 */
export const startTimeHeaderAt = 2;

/** Index of the last sample that can be the first to change. */
const changeAtMax = 0x7f;

/** The start time that stands behind a sample. */
export interface StartTimeReader {
  /** Start time of the sample that was read last, ms, 0: unknown. */
  startMs: number;
  readonly isFirstKnown: boolean;
  readonly changesAt: number;
  differenceMs: number;
}

/** Begins to read the start times of a chunk. */
export function readStartTimes(header: number): StartTimeReader {
  return {
    startMs: 0,
    isFirstKnown: (header & 0x80) !== 0,
    changesAt: header & changeAtMax,
    differenceMs: 0,
  };
}

/** Reads what stands behind sample `i` of the chunk. */
export function readStartTime(
  state: StartTimeReader,
  reader: BitReader,
  sample: { readonly i: number; readonly timeMs: number; readonly lastTimeMs: number },
): void {
  const { i, timeMs, lastTimeMs } = sample;
  if (i === 0) {
    if (state.isFirstKnown) state.startMs = timeMs - reader.varint();
    return;
  }
  if (state.changesAt === 0 || i < state.changesAt) return;
  const value = reader.varbitInt();
  state.differenceMs = i === state.changesAt ? value : state.differenceMs + value;
  state.startMs = lastTimeMs - state.differenceMs;
}

/** Writes the start times of one chunk, sample by sample, each behind its sample. */
export class StartTimeWriter {
  readonly #writer: BitWriter;
  #header = 0;
  #startMs = 0;
  #differenceMs = 0;

  /** Into a chunk whose header is three bytes at least. */
  constructor(writer: BitWriter) {
    this.#writer = writer;
  }

  /** `startMs` 0: unknown. */
  write(
    startMs: number,
    sample: { readonly i: number; readonly timeMs: number; readonly lastTimeMs: number },
  ): void {
    const { i, timeMs, lastTimeMs } = sample;
    const differenceMs = lastTimeMs - startMs;
    if (i === 0) {
      if (startMs !== 0) {
        this.#setHeader(0x80);
        this.#writer.varint(timeMs - startMs);
      }
    } else if ((this.#header & changeAtMax) !== 0) {
      this.#writer.varbitInt(differenceMs - this.#differenceMs);
      this.#differenceMs = differenceMs;
    } else if (startMs !== this.#startMs || i === changeAtMax) {
      this.#setHeader(this.#header | i);
      this.#writer.varbitInt(differenceMs);
      this.#differenceMs = differenceMs;
    }
    this.#startMs = startMs;
  }

  #setHeader(header: number): void {
    this.#header = header;
    this.#writer.setHeader(startTimeHeaderAt, header);
  }
}
