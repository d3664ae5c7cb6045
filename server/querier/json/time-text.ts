import { writeWhole } from "./float-text.ts";

/** Sixteen digits of seconds, a sign, a point, three digits: more than any time takes. */
export const timeSizeBytesMax = 24;

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/**
 * Writes a sample's time as Prometheus does: seconds, and three decimals when the time is not
 * on a whole second (1700000000 and 1700000000.100). Returns the position behind.
 */
export function writeTime(bytes: Uint8Array, position: number, timeMs: number): number {
  let at = position;
  if (timeMs < 0) bytes[at++] = minus;
  const sizeMs = Math.abs(timeMs);
  const seconds = Math.floor(sizeMs / 1000);
  at = writeWhole(bytes, at, seconds);
  const milliseconds = sizeMs - seconds * 1000;
  if (milliseconds === 0) return at;
  bytes[at++] = point;
  bytes[at++] = zero + Math.floor(milliseconds / 100);
  bytes[at++] = zero + (Math.floor(milliseconds / 10) % 10);
  bytes[at++] = zero + (milliseconds % 10);
  return at;
}

/** A scalar's or string's time, which goes through Go's encoding of floats: 1700000000.1. */
export function scalarTimeText(timeMs: number): string {
  return String(timeMs / 1000);
}

/** The steps of a query, so that each time is made text once, not once per series. */
export interface TimeGrid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** The texts of a grid's times one after the other; text `i` is `[starts[i], starts[i+1])`. */
export interface TimeTexts {
  readonly grid: TimeGrid;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

/** Makes the texts of all steps: at most 24 bytes each. */
export function makeTimeTexts(grid: TimeGrid): TimeTexts {
  const bytes = new Uint8Array(grid.steps * timeSizeBytesMax);
  const starts = new Uint32Array(grid.steps + 1);
  let at = 0;
  for (let i = 0; i < grid.steps; i++) {
    at = writeTime(bytes, at, grid.startMs + i * grid.stepMs);
    starts[i + 1] = at;
  }
  return { grid, bytes, starts };
}
