import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type HoleSchema,
  type KnownLabelSets,
  type QueryStreamRequest,
  type Selector,
  StreamEndSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { urdError } from "../model/index.ts";
import { defined, errorText, UrdError } from "../platform/base/index.ts";
import type { RawIngesterService } from "../platform/rpc/index.ts";
import type { Hole, Shard, ShardSelection } from "../shard/index.ts";
import { createSeriesFrameEncoder, type KnownSets, selectionOf } from "../wire/index.ts";

/** Size that a frame should not pass. */
const frameSizeBytesMax = 128 << 10;

/** How the caller of a read stops it. */
export interface ReadCall {
  readonly signal: AbortSignal | undefined;
}

type Part = MessageInitShape<(typeof RawIngesterService)["method"]["queryStream"]["output"]>;

/** Sends the matching series in frames, then what the shard knows to have lost of the range. */
export async function* queryStream(
  shard: Shard,
  request: QueryStreamRequest,
  call: ReadCall,
): AsyncGenerator<Part> {
  const { tenant, allowChunkLocations } = request;
  const selector = defined(request.selector ?? undefined, "a query's selector");
  const known = request.known && knownSets(shard, tenant, request.known);
  const selection = {
    ...selectionFor(selector, {
      tenant,
      allowLocations: allowChunkLocations,
      signal: call.signal,
    }),
    labelSets: known?.log,
  };
  const seriesMax = Number(request.seriesMax);
  const encoder = createSeriesFrameEncoder(known);
  let sent = 0;
  for await (const batch of readable(shard.reader.select(selection))) {
    for (const series of batch) {
      sent++;
      if (seriesMax > 0 && sent > seriesMax) throw tooManySeries(seriesMax);
      if (series.labelSet > 0) encoder.addNumbered(series.labelSet, series.chunks);
      else encoder.addSeries(series.pairs, series.chunks);
      if (encoder.sizeBytes() >= frameSizeBytesMax) {
        yield { part: { case: "frame", value: encoder.take() } };
      }
    }
  }
  if (encoder.sizeBytes() > 0) yield { part: { case: "frame", value: encoder.take() } };
  const holes = shard.reader.holes({ ...selection }).map(holeMessage);
  const end = create(StreamEndSchema, { series: BigInt(sent), holes });
  yield { part: { case: "end", value: end } };
}

/** The log in use, and what the caller holds of it: nothing when it knows another one. */
function knownSets(
  shard: Shard,
  tenant: string,
  { epoch, sets }: KnownLabelSets,
): KnownSets | undefined {
  const log = shard.reader.labelSets(tenant);
  if (log === undefined) return undefined;
  const isSame = Number(epoch) === log.epoch && sets <= log.count;
  return { log, count: isSame ? sets : 0 };
}

/** A selector as the shard reads it. */
export function selectionFor(
  selector: Selector,
  from: Pick<ShardSelection, "tenant" | "allowLocations" | "signal">,
): ShardSelection {
  return { ...selectionOf(selector), ...from };
}

/** Passes a stream on; a pattern that is not RE2 becomes the caller's error. */
export async function* readable<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    throw patternError(error);
  }
}

/** The error of a pattern that re2js does not take; any other error as it is. */
export function patternError(error: unknown): unknown {
  const isPattern = error instanceof Error && error.name.startsWith("RE2JS");
  if (!isPattern || error instanceof UrdError) return error;
  return urdError("query-invalid", `A matcher's pattern is not valid: ${errorText(error)}.`);
}

function holeMessage(hole: Hole): MessageInitShape<typeof HoleSchema> {
  return {
    startMs: BigInt(Math.floor(hole.startMs)),
    endMs: BigInt(Math.ceil(hole.endMs)),
    cause: hole.cause,
  };
}

function tooManySeries(seriesMax: number): UrdError {
  return urdError(
    "max-series-per-query",
    `The query matches more than ${seriesMax} series of one shard; narrow its matchers or raise limits.max_fetched_series_per_query.`,
    { limit: seriesMax },
  );
}
