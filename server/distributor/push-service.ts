import type { ErrorDetail } from "../../gen/urd/errors/v1/errors_pb.ts";
import { parseTenantId, type TenantId, urdError } from "../model/index.ts";
import {
  asUrdError,
  type CallContext,
  type RawPushService,
  type RawWriteStreamRequest,
  type ServiceHandlers,
} from "../platform/rpc/index.ts";
import { errorDetailOf } from "../wire/index.ts";
import type { Distributor } from "./distributor.ts";
import { type PushOutcome, samplesRefused } from "./outcome.ts";

/** Batches of a stream that may be unanswered; further ones are not read yet. */
const unansweredMax = 16;

/**
 * urd.push.v1.PushService on the distributor. The tenant stands in the call's header
 * `x-scope-orgid`, put there by whoever authenticated the caller.
 */
export function createPushHandlers(
  distributor: Distributor,
): ServiceHandlers<typeof RawPushService> {
  return {
    async write({ request }, context) {
      const outcome = await store(distributor, tenantOf(context), request);
      if (outcome.failure !== undefined) throw outcome.failure;
      return { outcome: writeOutcome(outcome) };
    },
    writeStream: (requests, context) => writeStream(distributor, tenantOf(context), requests),
  };
}

/** Outcome of one batch as it goes out. */
interface BatchAnswer {
  readonly batchId: bigint;
  readonly outcome?: ReturnType<typeof writeOutcome>;
  readonly failure?: ErrorDetail;
}

/** Reads ahead while batches are being stored; answers leave in the order the batches came. */
async function* writeStream(
  distributor: Distributor,
  tenant: TenantId,
  requests: AsyncIterable<RawWriteStreamRequest>,
): AsyncGenerator<BatchAnswer> {
  const source = requests[Symbol.asyncIterator]();
  const unanswered: Promise<BatchAnswer>[] = [];
  let next: Promise<IteratorResult<RawWriteStreamRequest>> | undefined = nextOf(source);
  while (next !== undefined || unanswered.length > 0) {
    const oldest: Promise<BatchAnswer> | undefined = unanswered[0];
    if (next !== undefined && unanswered.length < unansweredMax) {
      const came: IteratorResult<RawWriteStreamRequest> | BatchAnswer = await Promise.race(
        oldest === undefined ? [next] : [next, oldest],
      );
      if ("done" in came) {
        if (came.done !== true) unanswered.push(storeBatch(distributor, tenant, came.value));
        next = came.done === true ? undefined : nextOf(source);
        continue;
      }
    }
    if (oldest === undefined) continue;
    yield await oldest;
    void unanswered.shift();
  }
}

/** The next batch; a failure while nobody waits for it is met at the next wait. */
function nextOf(
  source: AsyncIterator<RawWriteStreamRequest>,
): Promise<IteratorResult<RawWriteStreamRequest>> {
  const next = source.next();
  next.catch(() => {});
  return next;
}

async function storeBatch(
  distributor: Distributor,
  tenant: TenantId,
  batch: RawWriteStreamRequest,
): Promise<BatchAnswer> {
  const { batchId } = batch;
  try {
    const outcome = await store(distributor, tenant, batch.request);
    if (outcome.failure !== undefined) throw outcome.failure;
    return { batchId, outcome: writeOutcome(outcome) };
  } catch (error) {
    return { batchId, failure: errorDetailOf(asUrdError(error)) };
  }
}

/** Everything up to the shards happens before the first await, so batches keep their order. */
function store(
  distributor: Distributor,
  tenant: TenantId,
  message: Uint8Array = new Uint8Array(),
): Promise<PushOutcome> {
  const push = distributor.begin({
    tenant,
    format: 2,
    encoding: "none",
    declaredSizeBytes: message.length,
  });
  push.write(message);
  return push.finish();
}

function writeOutcome(outcome: PushOutcome) {
  return {
    samplesStored: BigInt(outcome.samplesStored),
    histogramsStored: BigInt(outcome.histogramsStored),
    exemplarsStored: BigInt(outcome.exemplarsStored),
    samplesDuplicate: BigInt(outcome.samplesDuplicate),
    samplesRefused: BigInt(samplesRefused(outcome)),
    refused: outcome.refused.map(({ error, samples }) => ({
      error: errorDetailOf(error),
      samples: BigInt(samples),
    })),
  };
}

function tenantOf(context: CallContext): TenantId {
  const text = context.headers["x-scope-orgid"];
  if (text === undefined) throw urdError("no-org-id", "The call names no tenant.");
  const tenant = parseTenantId(text);
  if (typeof tenant !== "string") {
    throw urdError("tenant-id-invalid", `The call's tenant cannot be: ${tenant.reason}.`);
  }
  return tenant;
}
