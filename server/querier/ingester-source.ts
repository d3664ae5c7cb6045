import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  Hole,
  QueryStreamRequestSchema,
  SeriesResponse,
  StreamEnd,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { LocalBlocks } from "../blocks/index.ts";
import { compareLabels, type Labels, labelsKey, parseTenantId, urdError } from "../model/index.ts";
import { defined } from "../platform/base/index.ts";
import { askAll, type IngesterPeer, openQueryStreams } from "../peers/index.ts";
import type {
  LabelResult,
  QueryCall,
  Queryable,
  Selection,
  SeriesBatch,
} from "../storage/index.ts";
import {
  createSeriesFrameDecoder,
  labelsOfRefs,
  type ReceivedSeries,
  type SeriesFrameDecoder,
  selectorOf,
} from "../wire/index.ts";
import type { BatchBuilder } from "./batch-builder.ts";
import { type BlockReads, type BlockSelection, openBlockReads } from "./block-source.ts";
import type { BuilderPool } from "./builder-pool.ts";
import type { HeldLabelSets } from "./held-label-sets.ts";
import { mergeSortedTexts, truncatedWarning } from "./merge-texts.ts";
import type { ReadReport } from "./read-report.ts";

/** What one tenant's reads of the ingest shards need. */
export interface IngesterSourceOptions {
  readonly tenant: string;
  /** All shards, in the order of their numbers; each holds a part of the series. */
  readonly peers: readonly IngesterPeer[];
  /** True when chunks files can be read here, so that shards may send locations. */
  readonly readsChunksFiles: boolean;
  /** The blocks on this machine; undefined: there are none. */
  readonly blocks?: LocalBlocks | undefined;
  readonly builders: BuilderPool;
  readonly labelSets: HeldLabelSets;
  /** Series after which a shard refuses; 0: no limit. */
  readonly seriesMax: number;
  /** Samples that one batch may hold; 0: no limit. */
  readonly samplesMax: number;
  readonly report: ReadReport;
}

/**
 * Reads one tenant's data from the ingest shards and the blocks that were cut out of them. Series
 * come shard by shard, within a shard by reference, then those that only blocks have, so equal
 * data has equal order. Every answer is complete or fails: a shard that cannot be asked, a block
 * or a chunk that is damaged and a hole in the log are errors.
 *
 * The shards are asked first and the blocks looked up when all of them have begun to answer: what
 * a shard dropped by then is in a block, and it drops nothing under a read that has begun.
 */
export function createIngesterSource(options: IngesterSourceOptions): Queryable {
  for (const peer of options.peers) options.report.asked.add(peer.name);
  return {
    select: (selection, call) => select(options, selection, call),
    series: (selections, limit, call) => series(options, { selections, limit }, call),
    labelNames: (selections, limit, call) =>
      listTexts(
        options,
        { selections, limit, call },
        {
          heads: async ({ client }, request, peerOptions) =>
            (await client.labelNames(request, peerOptions)).names,
          blocks: (reads, wanted) => reads.labelNames(wanted, call.signal),
        },
      ),
    labelValues: (name, ...[selections, limit, call]) =>
      listTexts(
        options,
        { selections, limit, call },
        {
          heads: async ({ client }, request, peerOptions) =>
            (await client.labelValues({ ...request, name }, peerOptions)).values,
          blocks: (reads, wanted) => reads.labelValues(name, wanted, call.signal),
        },
      ),
  };
}

async function* select(
  options: IngesterSourceOptions,
  selection: Selection,
  call: QueryCall,
): AsyncGenerator<SeriesBatch> {
  if (selection.startMs > selection.endMs) return;
  const request = {
    tenant: options.tenant,
    selector: selectorOf(selection),
    allowChunkLocations: options.readsChunksFiles,
    seriesMax: BigInt(options.seriesMax),
  };
  const builder = options.builders.lend();
  const { samplesMax } = options;
  const read = { range: selection, account: call.account, samplesMax };
  const { requestOf, decoderOf } = headRequests(options, request);
  let heads: Awaited<ReturnType<typeof openQueryStreams>> | undefined;
  let stored: StoredPart | undefined;
  try {
    heads = await openQueryStreams(options.peers, requestOf, call.signal);
    stored = await selectStored(options, selection, call);
    for await (const { peer, part } of heads.parts) {
      // Frames come whenever shards send them; who has used less than others decodes first.
      await call.pause?.();
      if (part.case === "end") {
        refuseHoles(part.value, selection, peer);
        continue;
      }
      for (const one of decoderOf(peer).decode(part.value)) {
        builder.add(withStored(one, stored), peer.shard, read);
        if (builder.isFull()) yield handOut(builder, call);
      }
    }
    for (const one of stored?.selection.rest() ?? []) {
      builder.add(one, 0, read);
      if (builder.isFull()) yield handOut(builder, call);
    }
    if (!builder.isEmpty()) yield handOut(builder, call);
  } finally {
    heads?.close();
    stored?.release();
    options.builders.giveBack(builder);
  }
}

type QueryStreamInit = MessageInitShape<typeof QueryStreamRequestSchema>;

/** What is asked of each shard, and how its answer is read: by the label sets known of it. */
function headRequests(
  { labelSets, tenant }: IngesterSourceOptions,
  request: Omit<QueryStreamInit, "$typeName" | "known">,
) {
  const decoders = new Map<IngesterPeer, SeriesFrameDecoder>();
  return {
    requestOf(peer: IngesterPeer): QueryStreamInit {
      const sets = labelSets.of(peer, tenant).open();
      decoders.set(peer, createSeriesFrameDecoder(sets));
      return { ...request, known: sets.known };
    },
    decoderOf: (peer: IngesterPeer) => defined(decoders.get(peer), "the decoder of a peer asked"),
  };
}

/** Series of the blocks, and what gives the blocks back. */
interface StoredPart {
  readonly selection: BlockSelection;
  release(): void;
}

/** Selects from the blocks that overlap the range; undefined when none do. */
async function selectStored(
  options: IngesterSourceOptions,
  selection: Selection,
  { signal }: QueryCall,
): Promise<StoredPart | undefined> {
  const reads = openReads(options, [selection]);
  if (reads === undefined) return undefined;
  try {
    const { seriesMax } = options;
    const found = await reads.select(selection, { signal, seriesMax });
    return { selection: found, release: () => reads.release() };
  } catch (error) {
    reads.release();
    throw error;
  }
}

/** A series of a shard with its older chunks in front. */
function withStored(series: ReceivedSeries, stored: StoredPart | undefined): ReceivedSeries {
  if (stored === undefined) return series;
  const older = stored.selection.take(series.labels);
  if (older.length === 0) return series;
  return { labels: series.labels, chunks: [...older, ...series.chunks] };
}

/** Borrows the blocks that overlap any of the selections (none: all blocks), if there are any. */
function openReads(
  { blocks, tenant, report }: IngesterSourceOptions,
  selections: readonly Selection[],
): BlockReads | undefined {
  if (blocks === undefined) return undefined;
  const all = selections.length === 0;
  const startMs = all ? -Infinity : Math.min(...selections.map((one) => one.startMs));
  const endMs = all ? Infinity : Math.max(...selections.map((one) => one.endMs));
  const id = parseTenantId(tenant);
  if (typeof id !== "string") return undefined;
  const reads = openBlockReads(blocks, id, { startMs, endMs });
  if (reads.names.length === 0) {
    reads.release();
    return undefined;
  }
  for (const name of reads.names) report.asked.add(name);
  return reads;
}

/** Asks the blocks behind a label call, whose shards have answered; undefined when none overlap. */
async function askStored<T>(
  options: IngesterSourceOptions,
  selections: readonly Selection[],
  ask: (reads: BlockReads) => Promise<T>,
): Promise<T | undefined> {
  const reads = openReads(options, selections);
  if (reads === undefined) return undefined;
  try {
    return await ask(reads);
  } finally {
    reads.release();
  }
}

function handOut(builder: BatchBuilder, call: QueryCall): SeriesBatch {
  call.signal.throwIfAborted();
  return builder.take(call.account);
}

/** A hole in a shard's log concerns any series, so it counts even when no series came. */
function refuseHoles(end: StreamEnd, selection: Selection, peer: IngesterPeer): void {
  const hole = end.holes.find((candidate) => touches(candidate, selection));
  if (hole === undefined) return;
  const from = new Date(Number(hole.startMs)).toISOString();
  const to = new Date(Number(hole.endMs)).toISOString();
  const text = `Samples between ${from} and ${to} were lost on ${peer.name}: ${hole.cause}`;
  throw urdError("query-incomplete", text);
}

function touches(hole: Hole, selection: Selection): boolean {
  return Number(hole.startMs) <= selection.endMs && Number(hole.endMs) >= selection.startMs;
}

/** What a label call asks for. */
interface Listing {
  readonly selections: readonly Selection[];
  readonly limit: number;
  readonly call: QueryCall;
}

interface ListRequest {
  readonly tenant: string;
  readonly selectors: ReturnType<typeof selectorOf>[];
  readonly limit: bigint;
}

/**
 * The request to each shard; undefined when the selections hold no moment: without a
 * selection at all a shard would list everything. One more than the limit is asked for, to
 * learn whether the list was cut.
 */
function listRequest(
  options: IngesterSourceOptions,
  { selections, limit }: Omit<Listing, "call">,
): ListRequest | undefined {
  const wanted = nonEmpty(selections);
  if (wanted.length === 0 && selections.length > 0) return undefined;
  return {
    tenant: options.tenant,
    selectors: wanted.map(selectorOf),
    limit: limit === 0 ? 0n : BigInt(limit + 1),
  };
}

function nonEmpty(selections: readonly Selection[]): readonly Selection[] {
  return selections.filter((selection) => selection.startMs <= selection.endMs);
}

async function listTexts(
  options: IngesterSourceOptions,
  listing: Listing,
  ask: {
    readonly heads: (
      peer: IngesterPeer,
      request: ListRequest,
      options: { readonly signal: AbortSignal },
    ) => Promise<string[]>;
    readonly blocks: (
      reads: BlockReads,
      wanted: readonly Selection[],
    ) => Promise<ReadonlySet<string>>;
  },
): Promise<LabelResult> {
  const request = listRequest(options, listing);
  if (request === undefined) return { values: [], warnings: [] };
  const lists = await askAll(options.peers, listing.call.signal, (peer, peerOptions) =>
    ask.heads(peer, request, peerOptions),
  );
  const wanted = nonEmpty(listing.selections);
  const stored = await askStored(options, wanted, (reads) => ask.blocks(reads, wanted));
  return mergeSortedTexts(stored === undefined ? lists : [...lists, [...stored]], listing.limit);
}

async function series(
  options: IngesterSourceOptions,
  wanted: Omit<Listing, "call">,
  call: QueryCall,
): Promise<{ readonly series: readonly Labels[]; readonly warnings: readonly string[] }> {
  const request = listRequest(options, wanted);
  if (request === undefined) return { series: [], warnings: [] };
  const lists = await askAll(options.peers, call.signal, (peer, peerOptions) =>
    readSeries(peer.client.series(request, peerOptions)),
  );
  const chosen = nonEmpty(wanted.selections);
  const stored = await askStored(options, chosen, (reads) => reads.series(chosen, call.signal));
  const unique = new Map(
    [...lists.flat(), ...(stored ?? [])].map((labels) => [labelsKey(labels), labels]),
  );
  const all = [...unique.values()].sort(compareLabels);
  if (wanted.limit === 0 || all.length <= wanted.limit) return { series: all, warnings: [] };
  return { series: all.slice(0, wanted.limit), warnings: [truncatedWarning] };
}

async function readSeries(stream: AsyncIterable<SeriesResponse>): Promise<Labels[]> {
  const strings: string[] = [];
  const found: Labels[] = [];
  for await (const part of stream) {
    for (const symbol of part.symbols) strings.push(symbol);
    for (const one of part.series) found.push(labelsOfRefs({ strings }, one.labelRefs));
  }
  return found;
}
