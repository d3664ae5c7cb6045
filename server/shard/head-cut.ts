import type { ChunksPosition, SeriesRef, ShardKernel } from "../kernel/index.ts";
import { urdError } from "../model/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { ChunksFiles } from "./chunks/chunks-files.ts";
import type { ShardReads } from "./reads.ts";
import type { ShardSettings } from "./settings.ts";
import type { ShardTenant, ShardTenants } from "./tenants.ts";
import { yieldTurn } from "./turn.ts";

/** What cutting works with. */
export interface HeadCutParts {
  readonly kernel: ShardKernel;
  readonly chunks: ChunksFiles;
  readonly tenants: ShardTenants;
  readonly clock: Clock;
  readonly settings: ShardSettings;
  readonly reads: ShardReads;
  /** Resolves when no snapshot is being taken; resolved already when none is. */
  snapshotDone(): Promise<void> | undefined;
}

/** What is dropped from a head. */
export interface Truncation {
  readonly tenant: string;
  readonly beforeMs: number;
  readonly sealedBefore: ChunksPosition;
}

/** Series visited in the first slice; then their number follows the measured time. */
const visitsFirst = 256;
const visitsMin = 16;
const visitsMax = 8192;
/** Longer than queries may take by default. */
const readsWaitMsMax = 300_000;

/**
 * The shard's part in cutting a block: closing chunks before a time, and dropping them when the
 * block is published. Both walk over a tenant's series in slices between batches.
 */
export class HeadCut {
  readonly #parts: HeadCutParts;
  #isClosed = false;

  constructor(parts: HeadCutParts) {
    this.#parts = parts;
  }

  /** Ends walks that are under way: they fail. */
  close(): void {
    this.#isClosed = true;
  }

  /** Closes what lies before a time; what is closed now lies before the position returned. */
  async seal(tenant: string, beforeMs: number): Promise<ChunksPosition> {
    const { kernel, chunks, tenants } = this.#parts;
    const found = tenants.find(tenant);
    if (found !== undefined) {
      const { index } = found;
      await this.#walk(async (fromRef, visits) => {
        const next = kernel.seal({ tenant: index, beforeMs, fromRef, visitsMax: visits });
        chunks.drain();
        return next;
      });
    }
    chunks.drain();
    return chunks.position;
  }

  /** Drops what was closed before a position and lies before a time. */
  async truncate({ tenant, beforeMs, sealedBefore }: Truncation): Promise<void> {
    const { tenants, reads } = this.#parts;
    const found = tenants.find(tenant);
    if (found === undefined) return;
    await reads.settled(readsWaitMsMax);
    await this.#walk((fromRef, visits) =>
      this.#truncateSome(found, { beforeMs, fromRef, visitsMax: visits }, sealedBefore),
    );
  }

  async #truncateSome(
    { index }: ShardTenant,
    visit: { beforeMs: number; fromRef: SeriesRef; visitsMax: number },
    sealedBefore: ChunksPosition,
  ): Promise<SeriesRef> {
    const { kernel, snapshotDone } = this.#parts;
    // A snapshot's pairs must hold those of all its series.
    for (let running = snapshotDone(); running !== undefined; running = snapshotDone()) {
      await running;
      this.#refuseClosed();
    }
    return kernel.truncate({ tenant: index, ...visit }, sealedBefore);
  }

  async #walk(slice: (fromRef: SeriesRef, visits: number) => Promise<SeriesRef>): Promise<void> {
    const { clock, settings } = this.#parts;
    let visits = visitsFirst;
    for (let fromRef = 1; fromRef !== 0; ) {
      this.#refuseClosed();
      const startMs = clock.monotonicMs();
      fromRef = await slice(fromRef, visits);
      const isLong = clock.monotonicMs() - startMs > settings.turnMsMax / 2;
      visits = Math.min(visitsMax, Math.max(visitsMin, isLong ? visits >> 1 : visits << 1));
      await yieldTurn();
    }
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw urdError("shard-unavailable", "The ingest shard is stopping.");
  }
}
