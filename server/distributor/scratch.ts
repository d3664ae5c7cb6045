import type { FrontKernel, Region } from "../kernel/index.ts";
import { memoryExhausted, type Ticket } from "./admission.ts";

/**
 * The kernel memory that one push holds. Every region is reserved on the ticket before it is
 * allocated, and all that are still held go back together at the end, whatever happened.
 */
export class Scratch {
  readonly #kernel: FrontKernel;
  readonly #ticket: Ticket;
  readonly #regions = new Set<Region>();

  constructor(kernel: FrontKernel, ticket: Ticket) {
    this.#kernel = kernel;
    this.#ticket = ticket;
  }

  /** A region of exactly `sizeBytes`, at least 1; throws when memory is out. */
  allocate(sizeBytes: number): Region {
    this.#ticket.reserve(sizeBytes);
    const region = this.#kernel.allocate(sizeBytes);
    if (region === undefined) {
      this.#ticket.release(sizeBytes);
      throw memoryExhausted(this.#kernel.memory.buffer.byteLength);
    }
    this.#regions.add(region);
    return region;
  }

  /** Reserves bytes that are held elsewhere, outside of the kernel, for a while. */
  reserveElsewhere(sizeBytes: number): { release(): void } {
    this.#ticket.reserve(sizeBytes);
    return { release: () => this.#ticket.release(sizeBytes) };
  }

  /**
   * Takes over regions that the kernel made by itself. When there is no room for them on the
   * ticket they are given back and it throws.
   */
  adopt(regions: readonly Region[]): void {
    const sizeBytes = regions.reduce((sum, region) => sum + region.bytes.length, 0);
    try {
      this.#ticket.reserve(sizeBytes);
    } catch (error) {
      for (const region of regions) this.#kernel.release(region);
      throw error;
    }
    for (const region of regions) this.#regions.add(region);
  }

  /** Gives one region back early. */
  release(region: Region): void {
    if (!this.#regions.delete(region)) return;
    this.#ticket.release(region.bytes.length);
    this.#kernel.release(region);
  }

  /** Gives everything back and ends the push's place among those in flight. Idempotent. */
  close(): void {
    for (const region of this.#regions) this.#kernel.release(region);
    this.#regions.clear();
    this.#ticket.close();
  }
}
