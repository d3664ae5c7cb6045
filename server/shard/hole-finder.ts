import { timesOfRecord } from "./batch-times.ts";
import type { Hole, Holes } from "./holes.ts";

/** Records on each side of damage whose times bound what may be lost. */
const neighboursMax = 32;

interface OpenHole {
  readonly position: number;
  readonly cause: string;
  minMs: number;
  maxMs: number;
  left: number;
}

/**
 * Turns damage of the log into holes. What a lost record held is unknown, so a hole concerns
 * every tenant and reaches over the times of the records around it.
 */
export class HoleFinder {
  readonly #holes: Holes;
  readonly #nowMs: number;
  readonly #before: { minMs: number; maxMs: number }[] = [];
  #open: OpenHole[] = [];
  readonly found: Hole[] = [];

  constructor(holes: Holes, nowMs: number) {
    this.#holes = holes;
    this.#nowMs = nowMs;
  }

  /** Hears of each batch record in order. */
  record(body: Uint8Array): void {
    const times = timesOfRecord(body);
    if (times === undefined) return;
    this.#before.push(times);
    if (this.#before.length > neighboursMax) this.#before.shift();
    for (const hole of this.#open) {
      hole.minMs = Math.min(hole.minMs, times.minMs);
      hole.maxMs = Math.max(hole.maxMs, times.maxMs);
      hole.left--;
      if (hole.left === 0) this.#close(hole);
    }
    this.#open = this.#open.filter((hole) => hole.left > 0);
  }

  /** Hears of a lost record. */
  lost(position: number, cause: string): void {
    this.#open.push({
      position,
      cause,
      // Nothing before it: what was lost may be of any age.
      minMs: Math.min(
        ...this.#before.map((times) => times.minMs),
        this.#before.length === 0 ? 0 : Infinity,
      ),
      maxMs: Math.max(...this.#before.map((times) => times.maxMs)),
      left: neighboursMax,
    });
  }

  /** Ends the log: what was lost near the end may be as new as now. */
  end(): void {
    for (const hole of this.#open) {
      hole.maxMs = Math.max(hole.maxMs, this.#nowMs);
      this.#close(hole);
    }
    this.#open = [];
  }

  #close(open: OpenHole): void {
    const hole: Hole = {
      position: open.position,
      tenant: 0,
      startMs: open.minMs,
      endMs: open.maxMs,
      cause: open.cause,
    };
    this.#holes.add(hole);
    this.found.push(hole);
  }
}
