import type { MetadataRequest, StatsRequest } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { KernelStats } from "../kernel/index.ts";
import type { Limits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { RawIngesterService, ServiceHandlers } from "../platform/rpc/index.ts";
import type { Shard } from "../shard/index.ts";
import { type ExemplarStore, exemplars } from "./exemplars.ts";
import { listHeads, seal, truncate } from "./heads.ts";
import { labelNames, labelValues, series } from "./labels.ts";
import type { MetadataStore } from "./metadata.ts";
import type { FamilyMetadata } from "./metadata-files.ts";
import { push } from "./push.ts";
import { queryStream } from "./query-stream.ts";

/** What the service answers from. */
export interface IngesterParts {
  /** The shard, or undefined while it is not open. */
  readonly shard: () => Shard | undefined;
  readonly limits: Limits;
  readonly metadata: MetadataStore;
  readonly exemplars: ExemplarStore;
}

/** The ingester service of one shard. While the shard is not open all calls are refused. */
export function createIngesterHandlers(
  parts: IngesterParts,
): ServiceHandlers<typeof RawIngesterService> {
  const open = (): Shard => {
    const shard = parts.shard();
    if (shard === undefined) {
      throw urdError("shard-unavailable", "The ingest shard is starting: it replays its log.");
    }
    return shard;
  };
  return {
    push: (request) => push({ ...parts, shard: open() }, request),
    queryStream: (request, context) => queryStream(open(), request, context),
    series: (request, context) => series(open(), request, context),
    labelNames: async (request, context) => ({
      names: await labelNames(open(), request, context),
    }),
    labelValues: async (request, context) => ({
      values: await labelValues(open(), request, context),
    }),
    metadata: (request) => ({ metadata: metadataOf(parts.metadata, request) }),
    exemplars: (request, context) => exemplars(parts.exemplars, request, context),
    stats: (request) => statsOf(open(), request),
    listHeads: (request) => listHeads(open(), request),
    seal: (request) => seal(open(), request),
    truncate: (request) => truncate(open(), request),
    takeSnapshot: async () => ({ taken: await open().takeSnapshot() }),
  };
}

function metadataOf(store: MetadataStore, request: MetadataRequest): FamilyMetadata[] {
  const { tenant, metric } = request;
  return [...store.find({ tenant, metric, limit: Number(request.limit) })];
}

interface StatsAnswer {
  readonly series: bigint;
  readonly labelPairs: bigint;
  readonly samplesAppended: bigint;
  readonly oldestTimeMs: bigint;
  readonly newestTimeMs: bigint;
  readonly kernelSizeBytes: bigint;
}

function statsOf(shard: Shard, { tenant }: StatsRequest): StatsAnswer {
  const total = shard.totalStats();
  const stats: KernelStats | undefined = tenant === "" ? total : shard.tenantStats(tenant);
  return {
    series: BigInt(stats?.series ?? 0),
    labelPairs: BigInt(stats?.pairs ?? 0),
    samplesAppended: BigInt(stats?.samplesAppended ?? 0),
    oldestTimeMs: BigInt(stats?.minTimeMs ?? 0),
    newestTimeMs: BigInt(stats?.maxTimeMs ?? 0),
    kernelSizeBytes: BigInt(total.sizeBytes),
  };
}
