import { createLimits, multitenantDefaults, type TenantLimits } from "../../server/limits/index.ts";
import { systemClock } from "../../server/platform/base/index.ts";
import {
  type CallOptions,
  createClient,
  openInProcessChannel,
  type RawQueryPart,
  RawQueryService,
  type ServiceClient,
  serve,
} from "../../server/platform/rpc/index.ts";
import { createMetricRegistry } from "../../server/platform/telemetry/index.ts";
import { createActiveQueries } from "../../server/querier/active-queries.ts";
import { createBuilderPool } from "../../server/querier/builder-pool.ts";
import { createHeldLabelSets } from "../../server/querier/held-label-sets.ts";
import { createIngesterSource } from "../../server/querier/ingester-source.ts";
import { createQueryMetrics } from "../../server/querier/query-metrics.ts";
import { createQueryService } from "../../server/querier/query-service.ts";
import { createTurnScheduler } from "../../server/querier/turns.ts";
import { type FakeShard, fakePeers } from "./fake-shard.ts";

/** What a test may set of the query service. */
export interface QueryServiceSetup {
  readonly limits?: Partial<TenantLimits>;
  readonly samplesMax?: number;
  readonly queriesMax?: number;
  readonly timeoutMs?: number;
}

/** Headers of a call by the one tenant. */
export const asTenant: CallOptions = { headers: { "x-scope-orgid": "anonymous" } };

/** A client of the real query service in this thread, over stand-in shards. */
export function queryServiceOver(
  shards: readonly FakeShard[],
  setup: QueryServiceSetup = {},
): ServiceClient<typeof RawQueryService> {
  const peers = fakePeers(shards);
  const clock = systemClock;
  const builders = createBuilderPool(undefined);
  const service = createQueryService({
    clock,
    limits: createLimits({
      defaults: { ...multitenantDefaults, ...setup.limits },
      overrides: new Map(),
    }),
    turns: createTurnScheduler(clock, 5),
    active: createActiveQueries({ all: setup.queriesMax ?? 10, ofTenant: 10 }, "query-0"),
    metrics: createQueryMetrics(createMetricRegistry(), clock),
    peers: () => peers,
    open: (tenant, report) =>
      createIngesterSource({
        tenant,
        peers,
        builders,
        labelSets: createHeldLabelSets(),
        report,
        readsChunksFiles: false,
        seriesMax: 0,
        samplesMax: 0,
      }),
    timeoutMs: setup.timeoutMs ?? 10_000,
    samplesMax: setup.samplesMax ?? 0,
    lookbackDeltaMs: 300_000,
  });
  const channel = openInProcessChannel([serve(RawQueryService, service)], { clock });
  return createClient(RawQueryService, channel);
}

/** The JSON pieces of an answer, joined. */
export async function readJson(
  parts: AsyncIterable<{ part?: RawQueryPart | undefined }>,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { part } of parts) {
    if (part?.part.case === "prometheusJson") pieces.push(part.part.value);
  }
  return Buffer.concat(pieces).toString();
}
