import type { LogRecord } from "./log/record.ts";
import { recordTypes } from "./log/record.ts";

/** A range of time in which acknowledged samples were lost. */
export interface Hole {
  /** Position of the lost record in the log: the same damage is the same hole. */
  readonly position: number;
  /** Tenant concerned; 0: any of them. */
  readonly tenant: number;
  /** First and last millisecond concerned. */
  readonly startMs: number;
  readonly endMs: number;
  /** What happened, for people. */
  readonly cause: string;
}

/** Holes beyond so many are merged into the last one: a list must not grow with the damage. */
const holesMax = 1000;
const fixedSizeBytes = 28;

/** The holes of one shard, each once. */
export class Holes {
  readonly #byPosition = new Map<number, Hole>();

  /** All of them, in the order they were found. */
  get all(): readonly Hole[] {
    return [...this.#byPosition.values()];
  }

  /** True when the damage at that position is known. */
  has(position: number): boolean {
    return this.#byPosition.has(position);
  }

  /** Adds a hole; the same position is the same hole. */
  add(hole: Hole): void {
    const last = this.all.at(-1);
    if (this.#byPosition.size < holesMax || last === undefined) {
      this.#byPosition.set(hole.position, hole);
      return;
    }
    this.#byPosition.set(last.position, {
      ...last,
      tenant: last.tenant === hole.tenant ? last.tenant : 0,
      startMs: Math.min(last.startMs, hole.startMs),
      endMs: Math.max(last.endMs, hole.endMs),
    });
  }

  /** Those that concern a tenant and touch [startMs, endMs]. */
  touching(range: { tenant: number; startMs: number; endMs: number }): readonly Hole[] {
    return this.all.filter(
      (hole) =>
        (hole.tenant === 0 || hole.tenant === range.tenant) &&
        hole.startMs <= range.endMs &&
        hole.endMs >= range.startMs,
    );
  }
}

/** The log record of a hole: f64 position, u32 tenant, f64 start, f64 end, then the cause. */
export function holeRecord(hole: Hole): LogRecord {
  const cause = new TextEncoder().encode(hole.cause.slice(0, 1024));
  const body = new Uint8Array(fixedSizeBytes + cause.length);
  const view = new DataView(body.buffer);
  view.setFloat64(0, hole.position, true);
  view.setUint32(8, hole.tenant, true);
  view.setFloat64(12, hole.startMs, true);
  view.setFloat64(20, hole.endMs, true);
  body.set(cause, fixedSizeBytes);
  return { type: recordTypes.hole, body };
}

/** Reads the body of a hole's record; undefined when it is too short. */
export function decodeHole(body: Uint8Array): Hole | undefined {
  if (body.length < fixedSizeBytes) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return {
    position: view.getFloat64(0, true),
    tenant: view.getUint32(8, true),
    startMs: view.getFloat64(12, true),
    endMs: view.getFloat64(20, true),
    cause: new TextDecoder().decode(body.subarray(fixedSizeBytes)),
  };
}
