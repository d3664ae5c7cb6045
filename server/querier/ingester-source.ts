import type { Hole, SeriesResponse, StreamEnd } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { compareLabels, type Labels, labelsKey, urdError } from "../model/index.ts";
import { askAll, type IngesterPeer, queryStreams } from "../peers/index.ts";
import type {
  LabelResult,
  QueryCall,
  Queryable,
  Selection,
  SeriesBatch,
} from "../storage/index.ts";
import { createSeriesFrameDecoder, labelsOfRefs, selectorOf } from "../wire/index.ts";
import type { BatchBuilder } from "./batch-builder.ts";
import type { BuilderPool } from "./builder-pool.ts";
import { mergeSortedTexts, truncatedWarning } from "./merge-texts.ts";
import type { ReadReport } from "./read-report.ts";

/** What one tenant's reads of the ingest shards need. */
export interface IngesterSourceOptions {
  readonly tenant: string;
  /** All shards, in the order of their numbers; each holds a part of the series. */
  readonly peers: readonly IngesterPeer[];
  /** True when chunks files can be read here, so that shards may send locations. */
  readonly readsChunksFiles: boolean;
  readonly builders: BuilderPool;
  /** Series after which a shard refuses; 0: no limit. */
  readonly seriesMax: number;
  /** Samples that one batch may hold; 0: no limit. */
  readonly samplesMax: number;
  readonly report: ReadReport;
}

/**
 * Reads one tenant's recent data from the ingest shards. Series come shard by shard, within a
 * shard by reference, so equal data has equal order. Every answer is complete or fails: a
 * shard that cannot be asked, a damaged chunk and a hole in the log are errors.
 */
export function createIngesterSource(options: IngesterSourceOptions): Queryable {
  for (const peer of options.peers) options.report.asked.add(peer.name);
  return {
    select: (selection, call) => select(options, selection, call),
    series: (selections, limit, call) => series(options, { selections, limit }, call),
    labelNames: (selections, limit, call) =>
      listTexts(options, { selections, limit, call }, async ({ client }, request, peerOptions) => {
        return (await client.labelNames(request, peerOptions)).names;
      }),
    labelValues: (name, ...[selections, limit, call]) =>
      listTexts(options, { selections, limit, call }, async ({ client }, request, peerOptions) => {
        return (await client.labelValues({ ...request, name }, peerOptions)).values;
      }),
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
  let decoder = createSeriesFrameDecoder();
  try {
    for await (const { peer, part } of queryStreams(options.peers, request, call.signal)) {
      if (part.case === "end") {
        refuseHoles(part.value, selection, peer);
        decoder = createSeriesFrameDecoder();
        continue;
      }
      for (const one of decoder.decode(part.value)) {
        builder.add(one, peer.shard, read);
        if (builder.isFull()) yield handOut(builder, call);
      }
    }
    if (!builder.isEmpty()) yield handOut(builder, call);
  } finally {
    options.builders.giveBack(builder);
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
  const wanted = selections.filter((selection) => selection.startMs <= selection.endMs);
  if (wanted.length === 0 && selections.length > 0) return undefined;
  return {
    tenant: options.tenant,
    selectors: wanted.map(selectorOf),
    limit: limit === 0 ? 0n : BigInt(limit + 1),
  };
}

async function listTexts(
  options: IngesterSourceOptions,
  listing: Listing,
  ask: (
    peer: IngesterPeer,
    request: ListRequest,
    options: { readonly signal: AbortSignal },
  ) => Promise<string[]>,
): Promise<LabelResult> {
  const request = listRequest(options, listing);
  if (request === undefined) return { values: [], warnings: [] };
  const lists = await askAll(options.peers, listing.call.signal, (peer, peerOptions) =>
    ask(peer, request, peerOptions),
  );
  return mergeSortedTexts(lists, listing.limit);
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
  const unique = new Map(lists.flat().map((labels) => [labelsKey(labels), labels]));
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
