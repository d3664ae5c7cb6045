import type { BlockLease, LocalBlocks } from "../blocks/index.ts";
import { type Labels, labelsKey, labelValue, type TenantId, urdError } from "../model/index.ts";
import { CorruptionError, errorText } from "../platform/base/index.ts";
import type { Selection } from "../storage/index.ts";
import { type Block, type IndexedChunk, selectSeries } from "../tsdb/index.ts";
import type { FrameChunk } from "../wire/index.ts";

/**
 * Reads the blocks of one tenant that overlap a time. A block that cannot be read fails the call
 * with query-incomplete, which names block and file.
 */
export interface BlockReads {
  /** Names of the blocks, for the report. */
  readonly names: readonly string[];
  /** Selects series with their chunks in the range. Reads no chunk yet. */
  select(selection: Selection, options: BlockReadOptions): Promise<BlockSelection>;
  /** Label sets of series that match any selection and have a chunk in its range. */
  series(selections: readonly Selection[], signal: AbortSignal): Promise<Labels[]>;
  /** Label names of matching series; no selections: of all. */
  labelNames(selections: readonly Selection[], signal: AbortSignal): Promise<Set<string>>;
  /** Values of a label in matching series; no selections: of all. */
  labelValues(
    name: string,
    selections: readonly Selection[],
    signal: AbortSignal,
  ): Promise<Set<string>>;
  /** Gives the blocks back. */
  release(): void;
}

/** What bounds a selection. */
export interface BlockReadOptions {
  readonly signal: AbortSignal;
  /** Series after which the call fails; 0: no limit. */
  readonly seriesMax: number;
}

/** Series that were selected from blocks. */
export interface BlockSelection {
  /** Takes a series out, with its chunks in the blocks' order; empty when there is none. */
  take(labels: Labels): readonly FrameChunk[];
  /** The series that nobody took, each with its chunks. */
  rest(): Iterable<{ readonly labels: Labels; readonly chunks: readonly FrameChunk[] }>;
}

/** Series read between two moments in which the thread does other work. */
const seriesPerTurn = 512;

/** Lends the tenant's blocks that overlap [startMs, endMs]; `release` must follow. */
export function openBlockReads(
  blocks: LocalBlocks,
  tenant: TenantId,
  range: { readonly startMs: number; readonly endMs: number },
): BlockReads {
  const lease = blocks.acquire(tenant, range);
  const [fault] = lease.faults;
  if (fault !== undefined) {
    lease.release();
    throw urdError("query-incomplete", `A block cannot be read: ${fault.message}.`, {
      cause: fault,
    });
  }
  return new Reads(lease);
}

interface StoredSeries {
  readonly labels: Labels;
  readonly chunks: { readonly block: Block; readonly chunk: IndexedChunk }[];
}

class Reads implements BlockReads {
  readonly #lease: BlockLease;

  constructor(lease: BlockLease) {
    this.#lease = lease;
  }

  get names(): readonly string[] {
    return this.#lease.blocks.map(({ meta }) => `block ${meta.ulid}`);
  }

  release(): void {
    this.#lease.release();
  }

  async select(selection: Selection, options: BlockReadOptions): Promise<BlockSelection> {
    const found = new Map<string, StoredSeries>();
    for await (const some of this.#matching(selection, options.signal)) {
      for (const { block, labels, chunks } of some) {
        const key = labelsKey(labels);
        let series = found.get(key);
        if (series === undefined) {
          series = { labels, chunks: [] };
          found.set(key, series);
        }
        for (const chunk of chunks) series.chunks.push({ block, chunk });
      }
      if (options.seriesMax > 0 && found.size > options.seriesMax) {
        throw tooManySeries(options.seriesMax);
      }
    }
    return {
      take(labels) {
        if (found.size === 0) return [];
        const key = labelsKey(labels);
        const series = found.get(key);
        found.delete(key);
        return series === undefined ? [] : readChunks(series);
      },
      *rest() {
        for (const series of found.values()) {
          yield { labels: series.labels, chunks: readChunks(series) };
        }
      },
    };
  }

  async series(selections: readonly Selection[], signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>();
    for (const selection of selections) {
      for await (const some of this.#matching(selection, signal)) {
        for (const { labels } of some) found.set(labelsKey(labels), labels);
      }
    }
    return [...found.values()];
  }

  async labelNames(selections: readonly Selection[], signal: AbortSignal): Promise<Set<string>> {
    const found = new Set<string>();
    for (const block of this.#lease.blocks) {
      if (selectsAll(block, selections)) {
        for (const name of block.index.labelNames()) found.add(name);
        continue;
      }
      const missing = new Set(block.index.labelNames());
      for await (const labels of this.#labelsOf(block, selections, signal)) {
        for (let i = 0; i < labels.length; i += 2) {
          found.add(labels[i] as string);
          missing.delete(labels[i] as string);
        }
        if (missing.size === 0) break;
      }
    }
    return found;
  }

  async labelValues(
    name: string,
    selections: readonly Selection[],
    signal: AbortSignal,
  ): Promise<Set<string>> {
    const found = new Set<string>();
    for (const block of this.#lease.blocks) {
      if (selectsAll(block, selections)) {
        for (const value of block.index.labelValues(name)) found.add(value);
        continue;
      }
      const missing = new Set(block.index.labelValues(name));
      for await (const labels of this.#labelsOf(block, selections, signal)) {
        const value = labelValue(labels, name);
        if (value !== "") found.add(value);
        missing.delete(value);
        if (missing.size === 0) break;
      }
    }
    return found;
  }

  /** Label sets of a block's series that any selection selects; some may come twice. */
  async *#labelsOf(
    block: Block,
    selections: readonly Selection[],
    signal: AbortSignal,
  ): AsyncGenerator<Labels> {
    for (const selection of selections) {
      for await (const some of matchingOf(block, selection, signal)) {
        for (const { labels } of some) yield labels;
      }
    }
  }

  /** Matching series of each block, some at a time, with those chunks that touch the range. */
  async *#matching(
    selection: Selection,
    signal: AbortSignal,
  ): AsyncGenerator<readonly MatchingSeries[]> {
    for (const block of this.#lease.blocks) yield* matchingOf(block, selection, signal);
  }
}

/** A series in one block. */
interface MatchingSeries {
  readonly block: Block;
  readonly labels: Labels;
  readonly chunks: readonly IndexedChunk[];
}

async function* matchingOf(
  block: Block,
  { matchers, startMs, endMs }: Selection,
  signal: AbortSignal,
): AsyncGenerator<readonly MatchingSeries[]> {
  const refs = readable(block, () => selectSeries(block.index, matchers));
  for (let from = 0; from < refs.length; from += seriesPerTurn) {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    const some = refs.subarray(from, from + seriesPerTurn);
    yield readable(block, () => readSome(block, some, { startMs, endMs }));
  }
}

function readSome(
  block: Block,
  refs: Uint32Array,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): MatchingSeries[] {
  const found: MatchingSeries[] = [];
  for (const ref of refs) {
    const { labels, chunks } = block.index.series(ref);
    const touching = chunks.filter(
      (chunk) => chunk.minTimeMs <= endMs && chunk.maxTimeMs >= startMs,
    );
    if (touching.length > 0) found.push({ block, labels, chunks: touching });
  }
  return found;
}

/** True when everything in the block is selected: without matchers, and its whole range. */
function selectsAll({ meta }: Block, selections: readonly Selection[]): boolean {
  if (selections.length === 0) return true;
  return selections.some(
    ({ matchers, startMs, endMs }) =>
      matchers.length === 0 && startMs <= meta.minTimeMs && endMs >= meta.maxTimeMs - 1,
  );
}

function readChunks({ chunks }: StoredSeries): FrameChunk[] {
  return chunks.map(({ block, chunk }) => {
    const { minTimeMs, maxTimeMs } = chunk;
    const { encoding, bytes } = readable(block, () => block.chunk(chunk.ref));
    return { encoding, minTimeMs, maxTimeMs, bytes, file: 0, offsetBytes: 0, sizeBytes: 0 };
  });
}

/** Reads of a block; what is damaged or gone makes the answer incomplete, and is named. */
function readable<T>(block: Block, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    const text = `Block ${block.meta.ulid} cannot be read: ${errorText(error)}.`;
    throw urdError("query-incomplete", text, { cause: error });
  }
}

function tooManySeries(seriesMax: number): Error {
  return urdError(
    "max-series-per-query",
    `The query matches more than ${seriesMax} series of the blocks; narrow its matchers or raise limits.max_fetched_series_per_query.`,
    { limit: seriesMax },
  );
}
