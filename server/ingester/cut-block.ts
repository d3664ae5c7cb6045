import type { TenantHead } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { type LocalBlocks, makeTenantBlocks } from "../blocks/index.ts";
import type { TenantId } from "../model/index.ts";
import { askAll, type IngesterPeer } from "../peers/index.ts";
import { defined } from "../platform/base/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import { blockRangeMs, chunksFilePath, createChunkReader } from "../shard/index.ts";
import { type BlockMeta, type BlockSeries, writeBlock } from "../tsdb/index.ts";
import { BlockChunks } from "./block-chunks.ts";
import { collectSeries, type SortedSeries } from "./collect-series.ts";

/** What blocks are cut with. */
export interface CutParts {
  readonly vfs: Vfs;
  readonly dataDir: string;
  /** The blocks that are there. */
  readonly blocks: LocalBlocks;
  /** Names of new blocks. */
  readonly nextUlid: () => string;
  /** Series of a tenant that may be held in memory at once. */
  readonly seriesAtOnceMax: number;
}

/** One cut. */
export interface Cut {
  readonly tenant: TenantId;
  /** All shards. */
  readonly peers: readonly IngesterPeer[];
  /** A time in the oldest range that is held. */
  readonly oldestMs: number;
  readonly signal: AbortSignal;
}

/** What a cut did. */
export interface CutOutcome {
  /** The range that is out of memory now: [startMs, endMs). */
  readonly startMs: number;
  readonly endMs: number;
  /** The block that holds it; undefined when there was nothing. */
  readonly meta: BlockMeta | undefined;
}

/** What is held of a tenant over all shards. */
export interface HeldRange {
  readonly oldestMs: number;
  readonly newestMs: number;
  readonly series: number;
  readonly samplesAppended: bigint;
}

/** Bytes of chunks files kept while a block is written. */
const cacheSizeBytesMax = 32 << 20;

/** First moment of the block range that holds a time. */
export function rangeStart(timeMs: number): number {
  return Math.floor(timeMs / blockRangeMs) * blockRangeMs;
}

/**
 * Moves a tenant's oldest two hours from all shards into one block:
 *
 *   1. Every shard closes its chunks before the range's end, and says up to which position.
 *   2. What is held before that end is looked up again: the oldest time of everything closed.
 *   3. Series are collected from all shards, merged and written; the rename publishes the block.
 *   4. The shards drop what was closed before their positions. Whatever came in between lies
 *      behind them and belongs to a later block.
 *
 * A crash leaves the samples in the head, in the block, or in both: readers merge equal ones.
 */
export async function cutOldest(parts: CutParts, cut: Cut): Promise<CutOutcome | undefined> {
  const { tenant, peers, signal } = cut;
  const beforeMs = rangeStart(cut.oldestMs) + blockRangeMs;
  const positions = await askAll(peers, signal, async ({ client }, options) => {
    const { position } = await client.seal({ tenant, beforeMs: BigInt(beforeMs) }, options);
    return defined(position, "the position of a seal");
  });
  const held = await heldOf(peers, tenant, signal);
  if (held === undefined || held.oldestMs >= beforeMs) return undefined;
  const startMs = rangeStart(held.oldestMs);
  const range = { startMs, endMs: startMs + blockRangeMs };
  const meta = await write(parts, cut, { ...range, seriesCount: held.series });
  await askAll(peers, signal, (peer, options) => {
    const sealedBefore = defined(positions[peers.indexOf(peer)], "a shard's position");
    const truncation = { tenant, beforeMs: BigInt(range.endMs), sealedBefore };
    return peer.client.truncate(truncation, options);
  });
  return { ...range, meta };
}

/** What all shards together hold of a tenant; undefined when it is nothing. */
export async function heldOf(
  peers: readonly IngesterPeer[],
  tenant: string,
  signal: AbortSignal,
): Promise<HeldRange | undefined> {
  return (await listHeld(peers, tenant, signal)).get(tenant);
}

/** What all shards together hold of each tenant; `tenant` empty: of all. */
export async function listHeld(
  peers: readonly IngesterPeer[],
  tenant: string,
  signal: AbortSignal,
): Promise<Map<string, HeldRange>> {
  const found = new Map<string, HeldRange>();
  const lists = await askAll(peers, signal, async ({ client }, options) => {
    const heads: TenantHead[] = [];
    for await (const part of client.listHeads({ tenant }, options)) heads.push(...part.heads);
    return heads;
  });
  for (const head of lists.flat()) {
    if (head.oldestTimeMs === undefined || head.newestTimeMs === undefined) continue;
    const known = found.get(head.tenant);
    found.set(head.tenant, {
      oldestMs: Math.min(Number(head.oldestTimeMs), known?.oldestMs ?? Infinity),
      newestMs: Math.max(Number(head.newestTimeMs), known?.newestMs ?? -Infinity),
      series: Number(head.series) + (known?.series ?? 0),
      samplesAppended: head.samplesAppended + (known?.samplesAppended ?? 0n),
    });
  }
  return found;
}

interface WrittenRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly seriesCount: number;
}

async function write(
  parts: CutParts,
  { tenant, peers, signal }: Cut,
  { startMs, endMs, seriesCount }: WrittenRange,
): Promise<BlockMeta | undefined> {
  const { vfs, dataDir, blocks, nextUlid, seriesAtOnceMax } = parts;
  const times = { startMs, endMs: endMs - 1 };
  const collected = await collectSeries({
    ...{ peers, tenant, ...times, seriesAtOnceMax, seriesCount, signal },
  });
  const reader = createChunkReader({
    vfs,
    pathOf: (shard, file) => chunksFilePath(dataDir, shard, file),
    cacheSizeBytesMax,
  });
  try {
    return await writeBlock(vfs, makeTenantBlocks(vfs, dataDir, tenant), {
      ulid: nextUlid(),
      minTimeMs: startMs,
      maxTimeMs: endMs,
      outOfOrder: blocks.metas(tenant).some((meta) => overlaps(meta, startMs, endMs)),
      symbols: collected.symbols,
      series: blockSeries(collected, new BlockChunks(reader), times),
    });
  } finally {
    reader.close();
  }
}

function overlaps(meta: BlockMeta, startMs: number, endMs: number): boolean {
  return meta.minTimeMs < endMs && meta.maxTimeMs > startMs;
}

async function* blockSeries(
  collected: SortedSeries,
  chunks: BlockChunks,
  range: { readonly startMs: number; readonly endMs: number },
): AsyncGenerator<BlockSeries> {
  for await (const { labels, chunks: held } of collected.series) {
    const made = chunks.of(held, range);
    if (made.length > 0) yield { labels, chunks: made };
  }
}
