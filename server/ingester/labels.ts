import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type LabelNamesRequest,
  type LabelValuesRequest,
  type Selector,
  type SeriesRequest,
  type SeriesResponse,
  SeriesResponseSchema,
  type SeriesChunksSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { SelectedSeries, Shard, ShardSelection } from "../shard/index.ts";
import { patternError, type ReadCall, readable, selectionFor } from "./query-stream.ts";

/** Label sets in one message of an answer. */
const seriesPerMessage = 1000;

/** Names of labels in matching series that have a chunk in the selector's range, sorted. */
export async function labelNames(
  shard: Shard,
  request: LabelNamesRequest,
  call: ReadCall,
): Promise<string[]> {
  const { tenant } = request;
  const selections = selectionsOf(request.selectors, tenant, call);
  const names = await orPatternError(shard.reader.labelNames(selections, tenant));
  return atMost(names, request.limit);
}

/** Values of a label in matching series that have a chunk in the selector's range, sorted. */
export async function labelValues(
  shard: Shard,
  request: LabelValuesRequest,
  call: ReadCall,
): Promise<string[]> {
  const { tenant, name } = request;
  const selections = selectionsOf(request.selectors, tenant, call);
  const values = await orPatternError(shard.reader.labelValues(name, selections, tenant));
  return atMost(values, request.limit);
}

/**
 * Label sets of series that match any selector and have a chunk that touches its range, each
 * once.
 */
export async function* series(
  shard: Shard,
  request: SeriesRequest,
  call: ReadCall,
): AsyncGenerator<SeriesResponse> {
  const limit = Number(request.limit) || Number.POSITIVE_INFINITY;
  const table = new SymbolTable();
  const seen = new Set<string>();
  let batch: MessageInitShape<typeof SeriesChunksSchema>[] = [];
  for await (const found of allSeries(shard, request, call)) {
    const key = found.pairs.map((pair) => pair.pairId).join();
    if (seen.has(key)) continue;
    if (seen.size >= limit) break;
    seen.add(key);
    batch.push({ labelRefs: found.pairs.flatMap((p) => [table.ref(p.name), table.ref(p.value)]) });
    if (batch.length >= seriesPerMessage) {
      yield create(SeriesResponseSchema, { symbols: table.takeNew(), series: batch });
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield create(SeriesResponseSchema, { symbols: table.takeNew(), series: batch });
  }
}

async function* allSeries(
  shard: Shard,
  request: SeriesRequest,
  call: ReadCall,
): AsyncGenerator<SelectedSeries> {
  for (const selection of selectionsOf(request.selectors, request.tenant, call)) {
    // Chunks are read only when they can make a difference.
    const all = shard.reader.coversAll(request.tenant, selection);
    const read = all ? { ...selection, startMs: 1, endMs: 0 } : selection;
    for await (const batch of readable(shard.reader.select(read))) yield* batch;
  }
}

function selectionsOf(
  selectors: readonly Selector[],
  tenant: string,
  { signal }: ReadCall,
): readonly ShardSelection[] {
  return selectors.map((selector) =>
    selectionFor(selector, { tenant, signal, allowLocations: true }),
  );
}

function atMost(values: string[], limit: bigint): string[] {
  return limit > 0n && values.length > limit ? values.slice(0, Number(limit)) : values;
}

async function orPatternError<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw patternError(error);
  }
}

/** Symbols of one answer stream, which grow message by message. */
class SymbolTable {
  readonly #refs = new Map<string, number>();
  #fresh: string[] = [];

  ref(text: string): number {
    const known = this.#refs.get(text);
    if (known !== undefined) return known;
    const ref = this.#refs.size;
    this.#refs.set(text, ref);
    this.#fresh.push(text);
    return ref;
  }

  takeNew(): string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
