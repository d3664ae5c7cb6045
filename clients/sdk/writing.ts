import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { createClient } from "@connectrpc/connect";
import {
  PushService,
  type WriteRequest,
  WriteRequestSchema,
} from "../../gen/urd/push/v1/push_pb.ts";
import { type Batch, cutBatches, defaultBatchLimits } from "./batches.ts";
import { type CallBudget, type CallParts, openBudget, tryWithin } from "./budget.ts";
import { emptyOutcome, joinOutcomes, outcomeOf, type WriteOutcome } from "./outcome.ts";
import type { WriteSeries } from "./series.ts";
import type { UrdClient } from "./types.ts";
import { encodeRequest } from "./write-encoder.ts";
import { createWriter } from "./writer.ts";

/** The part of a client that writes. */
export function writingCalls(parts: CallParts): Pick<UrdClient, "write" | "writer"> {
  const push = createClient(PushService, parts.transport);
  const send = (batch: Batch, budget: CallBudget): Promise<WriteOutcome> => {
    const request = writeRequest(batch.series);
    return tryWithin(budget, parts, async (options) => {
      const { outcome } = await push.write(request, options);
      return outcomeOf(outcome);
    });
  };
  return {
    async write(series, call = {}) {
      const budget = openBudget(call, parts);
      let outcome = emptyOutcome;
      for (const batch of cutBatches(series, defaultBatchLimits)) {
        outcome = joinOutcomes(outcome, await send(batch, budget));
      }
      return outcome;
    },
    writer: (options = {}) => createWriter((batch) => send(batch, openBudget({}, parts)), options),
  };
}

/**
 * A WriteRequest whose batch is bytes already: given as an unknown field, which is written
 * out as it is.
 */
function writeRequest(series: readonly WriteSeries[]): WriteRequest {
  const message = create(WriteRequestSchema);
  const no = WriteRequestSchema.field.request.number;
  const data = new BinaryWriter().bytes(encodeRequest(series)).finish();
  message.$unknown = [{ no, wireType: WireType.LengthDelimited, data }];
  return message;
}
