import type { HeadChunk, PairId, ShardKernel } from "../kernel/index.ts";
import { compareUtf8 } from "../model/index.ts";
import { createLabelSetLog, type LabelSetLog } from "../wire/index.ts";
import { type Clock, defined, type Timer } from "../platform/base/index.ts";
import type { Selection } from "../storage/index.ts";
import type { ChunksFiles } from "./chunks/chunks-files.ts";
import type { Hole, Holes } from "./holes.ts";
import { LabelIndex } from "./label-index.ts";
import { namesInRange, type RangeLook, valuesInRange } from "./label-range.ts";
import { matchingRefs, pairConditions } from "./select.ts";
import type { ShardReads } from "./reads.ts";
import type { ShardSettings } from "./settings.ts";
import type { ShardTenant, ShardTenants } from "./tenants.ts";
import { Turn } from "./turn.ts";

/** A label pair of a tenant; the same object as long as it stays in memory. */
export interface ShardPair {
  readonly pairId: PairId;
  readonly name: string;
  readonly value: string;
}

/** A series that was selected. */
export interface SelectedSeries {
  /** Sorted by name; empty when there is a number. */
  readonly pairs: readonly ShardPair[];
  /** Number of its label set in the selection's log; 0: it has none. */
  readonly labelSet: number;
  /** In-order chunks ascending, then out-of-order ones; fresh bytes, or a place in a file. */
  readonly chunks: readonly HeadChunk[];
}

/** What a read asks for. */
export interface ShardSelection extends Selection {
  readonly tenant: string;
  /** Whether sealed chunks may come as places in chunks files. */
  readonly allowLocations: boolean;
  /** Checked between pieces of work; the read ends with its reason. */
  readonly signal: AbortSignal | undefined;
  /** The log in which label sets are numbered, from `labelSets`; without it pairs are given. */
  readonly labelSets?: LabelSetLog | undefined;
}

/** What a reader works with. */
export interface ShardReaderParts {
  readonly kernel: ShardKernel;
  readonly chunks: ChunksFiles;
  readonly tenants: ShardTenants;
  readonly holes: Holes;
  readonly clock: Clock;
  readonly settings: ShardSettings;
  /** Told of each read, so that nothing is dropped under it. */
  readonly reads: ShardReads;
}

interface TenantCache {
  readonly index: LabelIndex;
  readonly pairs: Map<PairId, ShardPair>;
  pairsVersion: number;
  /** Of the series that were asked for since refs were last freed. */
  labelSets: LabelSetLog;
  refsVersion: number;
  usedAtMs: number;
}

/** What a label call lists. */
interface TextList {
  readonly all: (index: LabelIndex) => readonly string[];
  readonly inRange: (look: RangeLook, index: LabelIndex) => Promise<readonly string[]>;
  readonly ofPair: (pair: ShardPair) => string | undefined;
}

/** Series read from the kernel between two looks at the clock. */
const seriesPerRead = 128;
/** A tenant's strings are dropped when no query asked for them for so long. */
const idleMsMax = 300_000;
const idleCheckMs = 60_000;
/** Pairs kept as objects per tenant. */
const pairsCachedMax = 100_000;

/** Reads the series of a shard, in turns short enough that batches get through between them. */
export class ShardReader {
  readonly #parts: ShardReaderParts;
  readonly #caches = new Map<string, TenantCache>();
  readonly #timer: Timer;
  readonly #decoder = new TextDecoder();

  constructor(parts: ShardReaderParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(idleCheckMs, () => this.#dropIdle());
  }

  /** Stops the timer and forgets what is cached. */
  close(): void {
    this.#timer.cancel();
    this.#caches.clear();
  }

  /**
   * Matching series with the chunks that touch the range, ascending by series number, in
   * batches. Series without such a chunk are left out; start > end: all, without chunks.
   * Throws re2js's error for a pattern that is not RE2.
   */
  async *select(selection: ShardSelection): AsyncGenerator<readonly SelectedSeries[]> {
    const tenant = this.#parts.tenants.find(selection.tenant);
    if (tenant === undefined) return;
    const read = this.#parts.reads.begin();
    try {
      const turn = this.#turn();
      for await (const refs of this.#refs(tenant, selection, turn)) {
        for (let from = 0; from < refs.length; from += seriesPerRead) {
          selection.signal?.throwIfAborted();
          yield this.#read(tenant, refs.subarray(from, from + seriesPerRead), selection);
          if (turn.over) await turn.next();
        }
      }
      read.check();
    } finally {
      read.end();
    }
  }

  /**
   * Names of labels of matching series that have a chunk in the selection's range, sorted; no
   * selections: of all series.
   */
  labelNames(selections: readonly ShardSelection[], tenant: string): Promise<string[]> {
    return this.#listTexts(selections, tenant, {
      all: (index) => index.names(),
      inRange: namesInRange,
      ofPair: (pair) => pair.name,
    });
  }

  /** Values of a label in matching series, sorted; selections as for `labelNames`. */
  labelValues(
    name: string,
    selections: readonly ShardSelection[],
    tenant: string,
  ): Promise<string[]> {
    return this.#listTexts(selections, tenant, {
      all: (index) => index.entry(name)?.values ?? [],
      inRange: (look, index) => valuesInRange(look, index, name),
      ofPair: (pair) => (pair.name === name ? pair.value : undefined),
    });
  }

  /** The tenant's label sets by number, as long as the numbers hold; undefined: no tenant. */
  labelSets(tenant: string): LabelSetLog | undefined {
    const found = this.#parts.tenants.find(tenant);
    return found && this.#cache(found).labelSets;
  }

  /** Ranges in which samples of a tenant were lost. */
  holes(range: { tenant: string; startMs: number; endMs: number }): readonly Hole[] {
    const tenant = this.#parts.tenants.find(range.tenant)?.index ?? 0;
    return this.#parts.holes.touching({ ...range, tenant });
  }

  /** True when no sample of the tenant lies outside [startMs, endMs]. */
  coversAll(tenant: string, range: { startMs: number; endMs: number }): boolean {
    const found = this.#parts.tenants.find(tenant);
    if (found === undefined) return true;
    const { minTimeMs, maxTimeMs } = this.#parts.kernel.stats(found.index);
    if (minTimeMs === undefined || maxTimeMs === undefined) return true;
    return range.startMs <= minTimeMs && range.endMs >= maxTimeMs;
  }

  #turn(): Turn {
    return new Turn(this.#parts.clock, this.#parts.settings.turnMsMax);
  }

  async *#refs(
    tenant: ShardTenant,
    selection: ShardSelection,
    turn: Turn,
  ): AsyncGenerator<Uint32Array> {
    const { kernel } = this.#parts;
    const labels = async (): Promise<LabelIndex> => {
      const { index } = this.#cache(tenant);
      await index.catchUp(turn);
      return index;
    };
    const source = { kernel, tenant: tenant.index, labels };
    const conditions = await pairConditions(source, selection.matchers, turn);
    if (conditions !== undefined) {
      yield* matchingRefs(kernel, { tenant: tenant.index, conditions }, turn);
    }
  }

  #read(tenant: ShardTenant, refs: Uint32Array, selection: ShardSelection): SelectedSeries[] {
    const { kernel, chunks: files } = this.#parts;
    // What is sealed must be where the kernel says before anyone reads it there.
    if (kernel.outboxSizeBytes() > 0) files.drain();
    const cache = this.#cache(tenant);
    // Numbers of an earlier log might mean other series by now.
    const log = selection.labelSets === cache.labelSets ? cache.labelSets : undefined;
    return kernel.read(refs, selection.startMs, selection.endMs).map(({ ref, pairIds, chunks }) => {
      let labelSet = log?.numberOf(ref) ?? 0;
      const pairs = labelSet === 0 ? this.#pairs(tenant, cache, pairIds) : noPairs;
      if (log !== undefined && labelSet === 0) labelSet = log.add(ref, pairs);
      return {
        ...{ labelSet, pairs: labelSet === 0 ? pairs : noPairs },
        chunks: chunks.map((chunk) => this.#chunk(chunk, selection.allowLocations)),
      };
    });
  }

  /** A loop over the typed array: its iterators cost ten times what the look-ups do. */
  #pairs(tenant: ShardTenant, cache: TenantCache, ids: Uint32Array): ShardPair[] {
    const pairs: ShardPair[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      pairs.push(cache.pairs.get(id) ?? this.#pair(tenant, cache, id));
    }
    return pairs;
  }

  #chunk(chunk: HeadChunk, allowLocations: boolean): HeadChunk {
    const { chunks } = this.#parts;
    if (chunk.bytes !== undefined || (allowLocations && chunks.isInFile(chunk))) return chunk;
    return { ...chunk, bytes: chunks.read(chunk) };
  }

  #pair(tenant: ShardTenant, cache: TenantCache, id: PairId): ShardPair {
    const [found] = this.#parts.kernel.pairs(tenant.index, id - 1, 1);
    const bytes = defined(found?.id === id ? found : undefined, "a series' label pair");
    const pair = {
      pairId: id,
      name: this.#decoder.decode(bytes.name),
      value: this.#decoder.decode(bytes.value),
    };
    if (cache.pairs.size >= pairsCachedMax) cache.pairs.clear();
    cache.pairs.set(id, pair);
    return pair;
  }

  #cache(tenant: ShardTenant): TenantCache {
    const { kernel, clock } = this.#parts;
    const pairsVersion = kernel.pairsVersion(tenant.index);
    const refsVersion = kernel.refsVersion();
    let cache = this.#caches.get(tenant.name);
    if (cache === undefined) {
      const index = new LabelIndex(kernel, tenant.index);
      const labelSets = createLabelSetLog();
      cache = { index, pairs: new Map(), pairsVersion, labelSets, refsVersion, usedAtMs: 0 };
      this.#caches.set(tenant.name, cache);
    }
    if (cache.pairsVersion !== pairsVersion) {
      cache.pairs.clear();
      cache.pairsVersion = pairsVersion;
    }
    if (cache.refsVersion !== refsVersion) {
      cache.labelSets = createLabelSetLog();
      cache.refsVersion = refsVersion;
    }
    cache.usedAtMs = clock.monotonicMs();
    return cache;
  }

  async #listTexts(
    selections: readonly ShardSelection[],
    tenant: string,
    texts: TextList,
  ): Promise<string[]> {
    const found = this.#parts.tenants.find(tenant);
    if (found === undefined) return [];
    const turn = this.#turn();
    const { index } = this.#cache(found);
    const isAll = (one: ShardSelection): boolean =>
      one.matchers.length === 0 && this.coversAll(tenant, one);
    await index.catchUp(turn);
    if (selections.length === 0 || selections.some(isAll)) return sorted(texts.all(index));
    const { minTimeMs = Infinity, maxTimeMs = -Infinity } = this.#parts.kernel.stats(found.index);
    const listed = new Set<string>();
    for (const selection of selections) {
      const { startMs, endMs, matchers, signal } = selection;
      if (startMs > endMs || endMs < minTimeMs || startMs > maxTimeMs) continue;
      if (matchers.length === 0) {
        const { kernel } = this.#parts;
        const look = { kernel, tenant: found.index, startMs, endMs, turn, signal };
        for (const text of await texts.inRange(look, index)) listed.add(text);
        continue;
      }
      for await (const pair of this.#pairsOf(selection)) {
        const text = texts.ofPair(pair);
        if (text !== undefined) listed.add(text);
      }
    }
    return sorted(listed);
  }

  /** Each pair that occurs in series that match and have a chunk in the range, once. */
  async *#pairsOf(selection: ShardSelection): AsyncGenerator<ShardPair> {
    const seen = new Set<PairId>();
    // Chunks are read only when they can make a difference.
    const all = this.coversAll(selection.tenant, selection);
    const read = all ? { ...selection, startMs: 1, endMs: 0 } : selection;
    for await (const batch of this.select(read)) {
      for (const series of batch) {
        for (const pair of series.pairs) {
          if (seen.has(pair.pairId)) continue;
          seen.add(pair.pairId);
          yield pair;
        }
      }
    }
  }

  #dropIdle(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [tenant, cache] of this.#caches) {
      if (nowMs - cache.usedAtMs > idleMsMax) this.#caches.delete(tenant);
    }
  }
}

const noPairs: readonly ShardPair[] = [];

function sorted(values: Iterable<string>): string[] {
  return [...values].sort(compareUtf8);
}
