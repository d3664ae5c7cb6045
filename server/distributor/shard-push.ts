import { PayloadFormat as WireFormat } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { FrontKernel, PayloadFormat, Region } from "../kernel/index.ts";
import { urdError } from "../model/index.ts";
import { type Clock, defined } from "../platform/base/index.ts";
import { asUrdError, type RawIngesterService, type ServiceClient } from "../platform/rpc/index.ts";
import { memoryExhausted } from "./admission.ts";
import { mergeOutcomes, outcomeOf, outcomeOfFailure, type PushOutcome } from "./outcome.ts";
import type { Scratch } from "./scratch.ts";

/** What the distributor needs of an ingest shard. */
export type IngesterClient = Pick<ServiceClient<typeof RawIngesterService>, "push">;

/** A message that passed inspection. */
export interface InspectedPush {
  readonly tenant: string;
  readonly format: PayloadFormat;
  readonly payload: Region;
  /** Series in it; a message with metadata alone has none. */
  readonly series: number;
  readonly exemplars: number;
  readonly metadata: number;
}

/** One shard's part of a message. */
export interface ShardPart {
  readonly shard: number;
  readonly payload: Region;
}

/**
 * Cuts a message into the parts of the tenant's shards. One shard gets the message as it is;
 * so does the first one when there is no series to go by.
 */
export function splitByShard(
  context: { readonly kernel: FrontKernel; readonly scratch: Scratch },
  push: InspectedPush,
  shards: readonly number[],
): readonly ShardPart[] {
  const { kernel, scratch } = context;
  const { format, payload, tenant } = push;
  const first = defined(shards[0], "a tenant's first shard");
  if (shards.length === 1 || push.series === 0) return [{ shard: first, payload }];
  const parts = kernel.split(format, payload, tenant, shards.length);
  if (parts === undefined) throw memoryExhausted(kernel.memory.buffer.byteLength);
  const regions = parts.filter((part) => part !== undefined);
  scratch.adopt(regions);
  scratch.release(payload);
  return parts.flatMap((part, i) =>
    part === undefined
      ? []
      : [{ shard: defined(shards[i], "a shard of the split"), payload: part }],
  );
}

/** Pushes in flight to the shards. */
export interface ShardPushes {
  /** What became of all parts. Never rejects. */
  readonly outcome: Promise<PushOutcome>;
  /** Resolves when no shard reads the payloads any more; it may be later than the outcome. */
  readonly settled: Promise<unknown>;
}

/**
 * Sends every part to its shard at once. The payloads are lent by reference until `settled`:
 * a call is never cancelled, since its shard could still be reading. A shard that does not
 * answer in time counts as failed although it may store its part later; a sender that then
 * sends again makes duplicates, which are stored once.
 */
export function pushToShards(
  context: {
    readonly ingesters: readonly IngesterClient[];
    readonly clock: Clock;
    readonly timeoutMs: number;
  },
  push: InspectedPush,
  parts: readonly ShardPart[],
): ShardPushes {
  const format = push.format === 1 ? WireFormat.REMOTE_WRITE_1 : WireFormat.REMOTE_WRITE_2;
  const answers = parts.map(async ({ shard, payload }) => {
    const ingester = defined(context.ingesters[shard], `the client of shard ${shard}`);
    try {
      return outcomeOf(
        await ingester.push({
          tenant: push.tenant,
          format,
          payload: payload.bytes,
          exemplars: BigInt(push.exemplars),
          metadata: BigInt(push.metadata),
        }),
      );
    } catch (error) {
      return outcomeOfFailure(asUrdError(error));
    }
  });
  const late = parts.map(() => Promise.withResolvers<PushOutcome>());
  const timer = context.clock.after(context.timeoutMs, () => {
    const failure = urdError("shard-unavailable", "An ingest shard did not answer in time.");
    for (const { resolve } of late) resolve(outcomeOfFailure(failure));
  });
  const outcome = Promise.all(
    answers.map((answer, i) => Promise.race([answer, defined(late[i], "a deadline").promise])),
  ).then((outcomes) => {
    timer.cancel();
    return mergeOutcomes(outcomes);
  });
  return { outcome, settled: Promise.all(answers) };
}
