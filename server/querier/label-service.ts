import type { MessageInitShape } from "@bufbuild/protobuf";
import type { MetricMetadata } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type {
  MetadataRequest,
  SeriesRequest,
  SeriesResponseSchema,
} from "../../gen/urd/query/v1/query_pb.ts";
import { compareUtf8, type Labels, urdError } from "../model/index.ts";
import { askAll, type IngesterPeer } from "../peers/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { CallContext, RawQueryService, ServiceHandlers } from "../platform/rpc/index.ts";
import type { QueryCall, Queryable } from "../storage/index.ts";
import { startDeadline } from "./deadline.ts";
import { selectionsOf } from "./label-selections.ts";
import { createReadReport, type ReadReport } from "./read-report.ts";
import { tenantOf } from "./tenant-of.ts";

/** What label calls work with. */
export interface LabelServiceOptions {
  readonly clock: Clock;
  readonly peers: () => readonly IngesterPeer[];
  readonly open: (tenant: string, report: ReadReport) => Queryable;
  readonly timeoutMs: number;
}

type LabelHandlers = Pick<
  ServiceHandlers<typeof RawQueryService>,
  "series" | "labelNames" | "labelValues" | "metadata"
>;

/** Serves the calls of urd.query.v1.QueryService that read no samples. */
export function createLabelHandlers(options: LabelServiceOptions): LabelHandlers {
  return {
    async *series(request, context) {
      yield* listSeries(options, request, context);
    },
    async labelNames(request, context) {
      const found = await read(options, context, (queryable, call) =>
        queryable.labelNames(selectionsOf(request), Number(request.limit), call),
      );
      return { names: [...found.values], warnings: [...found.warnings] };
    },
    async labelValues(request, context) {
      const found = await read(options, context, (queryable, call) => {
        const selections = selectionsOf(request);
        return queryable.labelValues(request.name, selections, Number(request.limit), call);
      });
      return { values: [...found.values], warnings: [...found.warnings] };
    },
    async metadata(request, context) {
      return { metadata: await readMetadata(options, request, context) };
    },
  };
}

/** Label calls read no samples, so there is nothing to count. */
const noAccount: QueryCall["account"] = { addRead: () => undefined };

async function read<T>(
  options: LabelServiceOptions,
  context: CallContext,
  ask: (queryable: Queryable, call: QueryCall) => Promise<T>,
): Promise<T> {
  const queryable = options.open(tenantOf(context), createReadReport());
  const { clock, timeoutMs } = options;
  const deadline = startDeadline({ clock, timeoutMs, caller: context.signal });
  try {
    return await ask(queryable, { signal: deadline.signal, account: noAccount });
  } finally {
    deadline.end();
  }
}

type SeriesPart = MessageInitShape<typeof SeriesResponseSchema>;

/** Series in one message; a few hundred kilobytes at most. */
const seriesPerPart = 1000;

async function* listSeries(
  options: LabelServiceOptions,
  request: SeriesRequest,
  context: CallContext,
): AsyncGenerator<SeriesPart> {
  if (request.selectors.length === 0) {
    throw urdError("request-invalid", "no match[] parameter provided");
  }
  const found = await read(options, context, (queryable, call) =>
    queryable.series(selectionsOf(request), Number(request.limit), call),
  );
  const refs = new Map<string, number>();
  for (let i = 0; i < found.series.length; i += seriesPerPart) {
    yield partOf(found.series.slice(i, i + seriesPerPart), refs);
  }
  yield { warnings: [...found.warnings] };
}

function partOf(series: readonly Labels[], refs: Map<string, number>): SeriesPart {
  const symbols: string[] = [];
  const refOf = (text: string): number => {
    const known = refs.get(text);
    if (known !== undefined) return known;
    refs.set(text, refs.size);
    symbols.push(text);
    return refs.size - 1;
  };
  return { series: series.map((labels) => ({ labelRefs: labels.map(refOf) })), symbols };
}

async function readMetadata(
  options: LabelServiceOptions,
  request: MetadataRequest,
  context: CallContext,
): Promise<{ metric: string; type: string; help: string; unit: string }[]> {
  const tenant = tenantOf(context);
  const question = { tenant, metric: request.metric, limit: -1n };
  const { clock, timeoutMs } = options;
  const deadline = startDeadline({ clock, timeoutMs, caller: context.signal });
  try {
    const lists = await askAll(
      options.peers(),
      deadline.signal,
      async ({ client }, peerOptions) => {
        return (await client.metadata(question, peerOptions)).metadata;
      },
    );
    return mergeMetadata(lists.flat(), request);
  } finally {
    deadline.end();
  }
}

/** Entries by family, each text once, cut as the request says. */
function mergeMetadata(
  entries: readonly MetricMetadata[],
  request: MetadataRequest,
): { metric: string; type: string; help: string; unit: string }[] {
  const families = new Map<string, Map<string, MetricMetadata>>();
  for (const entry of entries) {
    const family = families.get(entry.metric) ?? new Map<string, MetricMetadata>();
    families.set(entry.metric, family);
    family.set(JSON.stringify([entry.type, entry.help, entry.unit]), entry);
  }
  const metrics = [...families.keys()].sort(compareUtf8);
  const perMetric = Number(request.limitPerMetric) || Infinity;
  return metrics
    .slice(0, Number(request.limit) || Infinity)
    .flatMap((metric) =>
      [...(families.get(metric)?.values() ?? [])]
        .slice(0, perMetric)
        .map(({ type, help, unit }) => ({ metric, type, help, unit })),
    );
}
