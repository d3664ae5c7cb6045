import type { MessagePort } from "node:worker_threads";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HoleSchema } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { compileMatcher, type Labels, labelValue } from "../../server/model/index.ts";
import type { IngesterPeer } from "../../server/peers/index.ts";
import { systemClock } from "../../server/platform/base/index.ts";
import {
  createClient,
  openInProcessChannel,
  type PortServer,
  RawIngesterService,
  type ServiceHandlers,
  serve,
  serveOnPort,
} from "../../server/platform/rpc/index.ts";
import type { Selection } from "../../server/storage/index.ts";
import { encodeXor, makeColumns } from "../../server/tsdb/index.ts";
import { createSeriesFrameEncoder, type FrameChunk, selectionOf } from "../../server/wire/index.ts";

type FramePair = Parameters<ReturnType<typeof createSeriesFrameEncoder>["addSeries"]>[0][number];

/** One series of a stand-in shard. */
export interface FakeSeries {
  readonly labels: Labels;
  readonly chunks: readonly FrameChunk[];
}

/** What a stand-in shard holds and does. */
export interface FakeShard {
  readonly series: readonly FakeSeries[];
  readonly holes?: readonly MessageInitShape<typeof HoleSchema>[];
  /** Series per frame. */
  readonly frameSeries?: number;
  /** Called before each frame is sent. */
  readonly beforeFrame?: (signal: AbortSignal) => Promise<void> | void;
  readonly handlers?: Partial<ServiceHandlers<typeof RawIngesterService>>;
}

/** A chunk with these samples, inline. */
export function chunkOf(
  samples: readonly (readonly [timeMs: number, value: number])[],
): FrameChunk {
  const columns = makeColumns(samples.length);
  for (const [timeMs, value] of samples) {
    columns.timesMs[columns.length] = timeMs;
    columns.values[columns.length++] = value;
  }
  return {
    encoding: 1,
    minTimeMs: samples[0]?.[0] ?? 0,
    maxTimeMs: samples.at(-1)?.[0] ?? 0,
    bytes: encodeXor(columns, 0, columns.length),
    file: 0,
    offsetBytes: 0,
    sizeBytes: 0,
  };
}

/** Serves a stand-in shard on a port, as a shard thread does. */
export function serveFakeShard(shard: FakeShard, port: MessagePort): PortServer {
  const handlers = { ...handlersOf(shard), ...shard.handlers };
  return serveOnPort(port, [serve(RawIngesterService, handlers)], { clock: systemClock });
}

/** Peers of stand-in shards that live in this thread. */
export function fakePeers(shards: readonly FakeShard[]): readonly IngesterPeer[] {
  return shards.map((one, shard) => {
    const handlers = { ...handlersOf(one), ...one.handlers };
    const channel = openInProcessChannel([serve(RawIngesterService, handlers)], {
      clock: systemClock,
    });
    return { name: `shard-${shard}`, shard, client: createClient(RawIngesterService, channel) };
  });
}

function handlersOf(shard: FakeShard): Partial<ServiceHandlers<typeof RawIngesterService>> {
  const list = (selections: readonly Selection[]): readonly FakeSeries[] =>
    selections.length === 0
      ? shard.series
      : shard.series.filter((one) => selections.some((selection) => matches(one, selection)));
  return {
    async *queryStream(request, context) {
      const selection = selectionOf(request.selector ?? raise("no selector"));
      const encoder = createSeriesFrameEncoder();
      const pairOf = pairNumbers();
      const found = list([selection]);
      for (let i = 0; i < found.length; i += shard.frameSeries ?? 100) {
        await shard.beforeFrame?.(context.signal);
        for (const one of found.slice(i, i + (shard.frameSeries ?? 100))) {
          encoder.addSeries(pairsOf(one.labels, pairOf), one.chunks);
        }
        yield { part: { case: "frame", value: encoder.take() } };
      }
      yield {
        part: {
          case: "end",
          value: { series: BigInt(found.length), holes: [...(shard.holes ?? [])] },
        },
      };
    },
    async *series(request) {
      const symbols = list(request.selectors.map(selectionOf)).flatMap((one) => one.labels);
      let next = 0;
      const found = list(request.selectors.map(selectionOf));
      yield {
        symbols,
        series: found.map((one) => ({ labelRefs: one.labels.map(() => next++) })),
      };
    },
    labelNames(request) {
      const names = list(request.selectors.map(selectionOf)).flatMap((one) =>
        one.labels.filter((_, i) => i % 2 === 0),
      );
      return { names: cut(names, request.limit) };
    },
    labelValues(request) {
      const values = list(request.selectors.map(selectionOf))
        .map((one) => labelValue(one.labels, request.name))
        .filter((value) => value !== "");
      return { values: cut(values, request.limit) };
    },
    metadata: () => ({ metadata: [] }),
  };
}

function raise(text: string): never {
  throw new Error(text);
}

function cut(texts: readonly string[], limit: bigint): string[] {
  const unique = [...new Set(texts)].sort();
  return limit === 0n ? unique : unique.slice(0, Number(limit));
}

function matches(series: FakeSeries, selection: Selection): boolean {
  return selection.matchers.every((matcher) =>
    compileMatcher(matcher).matches(labelValue(series.labels, matcher.name)),
  );
}

function pairNumbers(): (name: string, value: string) => FramePair {
  const pairs = new Map<string, FramePair>();
  return (name, value) => {
    const key = JSON.stringify([name, value]);
    const pair = pairs.get(key) ?? { pairId: pairs.size + 1, name, value };
    pairs.set(key, pair);
    return pair;
  };
}

function pairsOf(labels: Labels, pairOf: (name: string, value: string) => FramePair): FramePair[] {
  const pairs: FramePair[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    pairs.push(pairOf(labels[i] as string, labels[i + 1] as string));
  }
  return pairs;
}
