import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type ListHeadsRequest,
  type ListHeadsResponse,
  ListHeadsResponseSchema,
  type SealRequest,
  type SealResponse,
  SealResponseSchema,
  type TenantHeadSchema,
  type TruncateRequest,
  type TruncateResponse,
  TruncateResponseSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { urdError } from "../model/index.ts";
import type { Shard, TenantHead } from "../shard/index.ts";

/** Tenants in one message of an answer. */
const headsPerMessage = 1000;

/** Tells what the shard holds of a tenant, or of each one that has series. */
export async function* listHeads(
  shard: Shard,
  { tenant }: ListHeadsRequest,
): AsyncGenerator<ListHeadsResponse> {
  const heads = headsOf(shard, tenant).filter(({ stats }) => stats.series > 0);
  for (let from = 0; from < heads.length; from += headsPerMessage) {
    const some = heads.slice(from, from + headsPerMessage);
    yield create(ListHeadsResponseSchema, { heads: some.map(headMessage) });
  }
}

function headsOf(shard: Shard, tenant: string): readonly TenantHead[] {
  if (tenant === "") return shard.heads();
  const stats = shard.tenantStats(tenant);
  return stats === undefined ? [] : [{ tenant, stats }];
}

function headMessage({ tenant, stats }: TenantHead): MessageInitShape<typeof TenantHeadSchema> {
  const { minTimeMs, maxTimeMs } = stats;
  return {
    tenant,
    series: BigInt(stats.series),
    samplesAppended: BigInt(stats.samplesAppended),
    ...(minTimeMs === undefined ? {} : { oldestTimeMs: BigInt(minTimeMs) }),
    ...(maxTimeMs === undefined ? {} : { newestTimeMs: BigInt(maxTimeMs) }),
  };
}

/** Closes a tenant's chunks before a time. */
export async function seal(shard: Shard, request: SealRequest): Promise<SealResponse> {
  const { file, offsetBytes } = await shard.seal(request.tenant, Number(request.beforeMs));
  return create(SealResponseSchema, { position: { file, offset: BigInt(offsetBytes) } });
}

/** Drops what a block holds. */
export async function truncate(shard: Shard, request: TruncateRequest): Promise<TruncateResponse> {
  const { tenant, beforeMs, sealedBefore } = request;
  if (sealedBefore === undefined) {
    throw urdError("request-invalid", "A truncation without the position up to which it drops.");
  }
  await shard.truncate({
    tenant,
    beforeMs: Number(beforeMs),
    sealedBefore: { file: sealedBefore.file, offsetBytes: Number(sealedBefore.offset) },
  });
  const series = BigInt(shard.tenantStats(tenant)?.series ?? 0);
  return create(TruncateResponseSchema, { series });
}
