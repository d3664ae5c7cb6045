import { parseTenantId } from "../model/index.ts";
import { askAll, type IngesterPeer } from "../peers/index.ts";
import { type Clock, errorText } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import { blockRangeMs, headSpanMsMax } from "../shard/index.ts";
import {
  type CutParts,
  cutOldest,
  type HeldRange,
  heldOf,
  listHeld,
  rangeStart,
} from "./cut-block.ts";
import type { CutMetrics } from "./cut-metrics.ts";

/** What the cutter works with. */
export interface HeadCutterParts extends CutParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: CutMetrics;
  /** All shards; undefined while one is missing. */
  readonly peers: () => readonly IngesterPeer[] | undefined;
}

/** A tenant as former looks found it. */
interface TenantState {
  samplesAppended: bigint;
  /** When samples were last seen to arrive; monotonic. */
  arrivedAtMs: number;
  /** Border and moment of the last cut. */
  cutBeforeMs: number;
  cutAtMs: number;
  failures: number;
  retryAtMs: number;
}

/** A tenant that sent nothing for so long is cut completely. */
const idleMs = 3_600_000;
/** Distance of tries after failures: doubled with each, up to the longest. */
const retryMsMin = 10_000;
const retryMsMax = 600_000;
/** Snapshots asked for after cuts are at least so far apart; the log's length brings more. */
const snapshotMs = 600_000;

/**
 * Decides what is cut, by the time of samples: a tenant whose samples span more than one and a
 * half block ranges loses its oldest ranges until they do not. Late samples that belong to
 * ranges cut before wait for the next border, so that they make few blocks.
 */
export class HeadCutter {
  readonly #parts: HeadCutterParts;
  readonly #tenants = new Map<string, TenantState>();
  #wantsSnapshot = false;
  #snapshotAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: HeadCutterParts) {
    this.#parts = parts;
  }

  /** Looks at all tenants and cuts what is to be cut; how many cuts were made. Throws nothing. */
  async check(signal: AbortSignal): Promise<number> {
    const peers = this.#parts.peers();
    if (peers === undefined) return 0;
    let cuts = 0;
    try {
      const all = await listHeld(peers, "", signal);
      for (const tenant of this.#tenants.keys()) {
        if (!all.has(tenant)) this.#tenants.delete(tenant);
      }
      for (const [tenant, held] of all) {
        if (signal.aborted) break;
        cuts += await this.#checkTenant(peers, { tenant, held, signal });
      }
      if (cuts > 0) this.#wantsSnapshot = true;
      await this.#snapshot(peers, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#parts.logger.warn("the heads cannot be looked at", { error: errorText(error) });
      }
    }
    return cuts;
  }

  async #checkTenant(
    peers: readonly IngesterPeer[],
    found: { readonly tenant: string; readonly held: HeldRange; readonly signal: AbortSignal },
  ): Promise<number> {
    const { clock, logger, metrics } = this.#parts;
    const { tenant, held, signal } = found;
    const state = this.#stateOf(tenant, held);
    const nowMs = clock.monotonicMs();
    const beforeMs = this.#border(held, state);
    if (beforeMs === undefined || nowMs < state.retryAtMs) return 0;
    const done = { cuts: 0 };
    try {
      await this.#cutRanges(peers, { ...found, beforeMs }, done);
      state.cutBeforeMs = beforeMs;
      state.cutAtMs = clock.monotonicMs();
      state.failures = 0;
    } catch (error) {
      if (signal.aborted) return done.cuts;
      metrics.failed();
      const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** state.failures++);
      state.retryAtMs = clock.monotonicMs() + delayMs;
      logger.error("a block could not be cut; it is tried again", {
        tenant,
        delay_ms: delayMs,
        error: errorText(error),
      });
    }
    return done.cuts;
  }

  /** Cuts a tenant's oldest ranges until what is left lies behind the border, or spans little. */
  async #cutRanges(
    peers: readonly IngesterPeer[],
    found: {
      readonly tenant: string;
      readonly held: HeldRange;
      readonly signal: AbortSignal;
      readonly beforeMs: number;
    },
    done: { cuts: number },
  ): Promise<void> {
    const { tenant, signal, beforeMs } = found;
    const id = parseTenantId(tenant);
    if (typeof id !== "string") throw new Error(`a tenant's name is no folder: ${id.reason}`);
    let held: HeldRange | undefined = found.held;
    let reachedMs = Number.NEGATIVE_INFINITY;
    // A range is cut once at a time, however many late samples go on arriving for it.
    while (held !== undefined && held.oldestMs < beforeMs && held.oldestMs >= reachedMs) {
      const end = this.#parts.metrics.start();
      const outcome = await cutOldest(this.#parts, {
        ...{ tenant: id, peers, oldestMs: held.oldestMs, signal },
      });
      if (outcome === undefined) return;
      reachedMs = outcome.endMs;
      done.cuts++;
      end(outcome.meta);
      this.#log(tenant, outcome);
      held = await heldOf(peers, tenant, signal);
    }
  }

  #log(tenant: string, outcome: NonNullable<Awaited<ReturnType<typeof cutOldest>>>): void {
    const { meta, startMs } = outcome;
    if (meta === undefined) return;
    const { ulid, series, samples } = meta;
    const start = new Date(startMs).toISOString();
    this.#parts.logger.info("a block was cut", { tenant, ulid, start, series, samples });
  }

  /** What a tenant is to be cut up to now; undefined: nothing. */
  #border(held: HeldRange, state: TenantState): number | undefined {
    const { clock } = this.#parts;
    const { oldestMs, newestMs } = held;
    const isIdle =
      newestMs < clock.nowMs() - idleMs && clock.monotonicMs() - state.arrivedAtMs >= idleMs;
    if (isIdle) return rangeStart(newestMs) + blockRangeMs;
    if (newestMs - oldestMs <= headSpanMsMax) return undefined;
    const beforeMs = Math.ceil((newestMs - headSpanMsMax) / blockRangeMs) * blockRangeMs;
    const isFresh = beforeMs > state.cutBeforeMs;
    return isFresh || clock.monotonicMs() - state.cutAtMs >= blockRangeMs ? beforeMs : undefined;
  }

  #stateOf(tenant: string, { samplesAppended }: HeldRange): TenantState {
    const nowMs = this.#parts.clock.monotonicMs();
    let state = this.#tenants.get(tenant);
    if (state === undefined) {
      state = {
        ...{ samplesAppended, arrivedAtMs: nowMs, cutBeforeMs: Number.NEGATIVE_INFINITY },
        ...{ cutAtMs: nowMs, failures: 0, retryAtMs: nowMs },
      };
      this.#tenants.set(tenant, state);
    }
    if (state.samplesAppended !== samplesAppended) {
      state.samplesAppended = samplesAppended;
      state.arrivedAtMs = nowMs;
    }
    return state;
  }

  /** Makes the cuts last over a restart: without it the next start would bring them back. */
  async #snapshot(peers: readonly IngesterPeer[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (!this.#wantsSnapshot || nowMs - this.#snapshotAtMs < snapshotMs) return;
    this.#snapshotAtMs = nowMs;
    const taken = await askAll(peers, signal, async ({ client }, options) => {
      return (await client.takeSnapshot({}, options)).taken;
    });
    this.#wantsSnapshot = taken.includes(false);
  }
}
