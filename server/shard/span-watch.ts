import type { ShardKernel } from "../kernel/index.ts";
import type { Clock } from "../platform/base/index.ts";
import { headSpanMsMax } from "./block-range.ts";
import type { ShardTenant } from "./tenants.ts";

/** Looks that the watch takes are at least so far apart. */
const lookMs = 1000;

/**
 * Notices tenants whose samples in memory span more than they should. It goes by the time of
 * samples: a backlog of a day may arrive within a minute.
 */
export class SpanWatch {
  readonly #kernel: ShardKernel;
  readonly #clock: Clock;
  readonly #onWide: () => void;
  readonly #stored = new Set<ShardTenant>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(kernel: ShardKernel, clock: Clock, onWide: () => void) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.#onWide = onWide;
  }

  /** Hears of a tenant that samples were stored of. */
  note(tenant: ShardTenant): void {
    this.#stored.add(tenant);
  }

  /** Looks at the tenants that samples were stored of; costs nothing when it did so just now. */
  check(): void {
    if (this.#stored.size === 0) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedAtMs < lookMs) return;
    this.#lookedAtMs = nowMs;
    let isWide = false;
    for (const { index } of this.#stored) {
      const { minTimeMs, maxTimeMs } = this.#kernel.stats(index);
      if (minTimeMs === undefined || maxTimeMs === undefined) continue;
      isWide ||= maxTimeMs - minTimeMs > headSpanMsMax;
    }
    this.#stored.clear();
    if (isWide) this.#onWide();
  }
}
