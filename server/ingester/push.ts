import { create } from "@bufbuild/protobuf";
import {
  type PushRequest,
  type PushResponse,
  PushResponseSchema,
  type Refusal as RefusalMessage,
  RefusalSchema,
  PayloadFormat as WireFormat,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { PayloadFormat, Refusal } from "../kernel/index.ts";
import type { Limits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { Shard } from "../shard/index.ts";
import { errorDetailOf } from "../wire/index.ts";
import type { ExemplarStore } from "./exemplars.ts";
import type { MetadataStore } from "./metadata.ts";
import { type RefusalContext, refusalError } from "./refusal-text.ts";

/** What a push needs of the ingester. */
export interface PushParts {
  readonly shard: Shard;
  readonly limits: Limits;
  readonly metadata: MetadataStore;
  readonly exemplars: ExemplarStore;
}

/**
 * Stores a batch: the shard resolves, logs and applies it; then its exemplars and metadata are
 * noted and what was refused gets its sentence. Answers when the log holds everything that is counted.
 */
export async function push(parts: PushParts, request: PushRequest): Promise<PushResponse> {
  const { tenant, payload } = request;
  const format = formatOf(request.format);
  const outcome = await parts.shard.push({ tenant, format, payload });
  const hasExemplars = request.exemplars > 0n;
  const kept = hasExemplars ? parts.exemplars.take(tenant, format, payload) : 0;
  if (request.metadata > 0n) parts.metadata.take(tenant, format, payload);
  const context = { format, payload, limits: parts.limits.limitsFor(tenant) };
  return create(PushResponseSchema, {
    samplesStored: BigInt(outcome.samplesStored),
    histogramsStored: BigInt(outcome.histogramsStored),
    exemplarsStored: BigInt(kept),
    samplesDuplicate: BigInt(outcome.samplesDuplicate),
    refusals: outcome.refusals.flatMap((refusal) => refusalMessage(refusal, context)),
  });
}

function formatOf(format: WireFormat): PayloadFormat {
  switch (format) {
    case WireFormat.REMOTE_WRITE_1:
      return 1;
    case WireFormat.REMOTE_WRITE_2:
      return 2;
    default:
      throw urdError("request-invalid", `Unknown payload format ${String(format)}.`);
  }
}

function refusalMessage(refusal: Refusal, context: RefusalContext): RefusalMessage[] {
  const error = refusalError(refusal, context);
  if (error === undefined) return [];
  return [create(RefusalSchema, { error: errorDetailOf(error), samples: BigInt(refusal.samples) })];
}
