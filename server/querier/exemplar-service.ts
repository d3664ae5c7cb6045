import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ExemplarsRequest as ShardRequest,
  ExemplarsResponse as ShardResponse,
  SeriesExemplars,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type {
  ExemplarSeriesSchema,
  ExemplarsRequest,
  ExemplarsResponseSchema,
} from "../../gen/urd/query/v1/query_pb.ts";
import { compareLabels, urdError } from "../model/index.ts";
import { askAll, type IngesterPeer } from "../peers/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { CallContext, RawQueryService, ServiceHandlers } from "../platform/rpc/index.ts";
import {
  children,
  type Expr,
  parseExpr,
  PromqlError,
  type VectorSelector,
} from "../promql/index.ts";
import { selectorOf } from "../wire/index.ts";
import { startDeadline } from "./deadline.ts";
import { tenantOf } from "./tenant-of.ts";

/** What the exemplar call works with. */
export interface ExemplarServiceOptions {
  readonly clock: Clock;
  readonly peers: () => readonly IngesterPeer[];
  readonly timeoutMs: number;
}

/** Serves urd.query.v1.QueryService.Exemplars: asks all shards and sorts what they know. */
export function createExemplarHandlers(
  options: ExemplarServiceOptions,
): Pick<ServiceHandlers<typeof RawQueryService>, "exemplars"> {
  return { exemplars: (request, context) => exemplars(options, request, context) };
}

type Part = MessageInitShape<typeof ExemplarsResponseSchema>;

async function* exemplars(
  { clock, peers, timeoutMs }: ExemplarServiceOptions,
  request: ExemplarsRequest,
  context: CallContext,
): AsyncGenerator<Part> {
  const question = questionOf(request, tenantOf(context));
  if (question.selectors.length === 0) return;
  const deadline = startDeadline({ clock, timeoutMs, caller: context.signal });
  try {
    const lists = await askAll(peers(), deadline.signal, ({ client }, peerOptions) =>
      readAll(client.exemplars(question, peerOptions)),
    );
    const sorted = lists.flat().sort((a, b) => compareLabels(a.labels, b.labels));
    yield* inParts(sorted);
  } finally {
    deadline.end();
  }
}

function questionOf(
  request: ExemplarsRequest,
  tenant: string,
): Pick<ShardRequest, "tenant" | "selectors"> {
  const startMs = request.startMs === undefined ? -Infinity : Number(request.startMs);
  const endMs = request.endMs === undefined ? Infinity : Number(request.endMs);
  if (endMs < startMs) {
    throw urdError("request-invalid", "end timestamp must not be before start timestamp");
  }
  const selectors = selectorsOf(parse(request.query));
  return {
    tenant,
    selectors: selectors.map(({ matchers }) => selectorOf({ matchers, startMs, endMs })),
  };
}

function parse(text: string): Expr {
  try {
    return parseExpr(text);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    throw urdError("query-invalid", error.message, { cause: error });
  }
}

/** Selectors of an expression, left to right; their offsets and times do not matter here. */
function selectorsOf(expr: Expr): VectorSelector[] {
  return expr.kind === "vector-selector" ? [expr] : children(expr).flatMap(selectorsOf);
}

async function readAll(parts: AsyncIterable<ShardResponse>): Promise<SeriesExemplars[]> {
  const found: SeriesExemplars[] = [];
  for await (const { series } of parts) found.push(...series);
  return found;
}

/** Exemplars in one message; half a megabyte at most. */
const exemplarsPerPart = 1000;

function* inParts(all: readonly SeriesExemplars[]): Generator<Part> {
  let series: MessageInitShape<typeof ExemplarSeriesSchema>[] = [];
  let count = 0;
  for (const { labels, exemplars: found } of all) {
    const own = found.map((one) => ({ labels: one.labels, value: one.value, timeMs: one.timeMs }));
    series.push({ labels, exemplars: own });
    count += found.length;
    if (count < exemplarsPerPart) continue;
    yield { series };
    [series, count] = [[], 0];
  }
  if (series.length > 0) yield { series };
}
