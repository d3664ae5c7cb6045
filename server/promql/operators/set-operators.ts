import { assert } from "../../platform/base/index.ts";
import type { Binary, VectorMatching } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { mergeEqualLabels } from "./held-series.ts";
import { matchKey } from "./matching.ts";
import { emptyPresence, type Presence, unite } from "./presence.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type StepBatch,
  type StepStream,
} from "./stream.ts";

/** Both sides of a set operation. */
export interface SetCall {
  readonly op: Binary["op"];
  readonly lhs: StepStream;
  readonly rhs: StepStream;
  readonly matching: VectorMatching;
}

/** `and`, `or` and `unless`: presence by match key decides, values pass unchanged. */
export function setOperation(call: SetCall, grid: StepGrid, ctx: EvalContext): StepStream {
  switch (call.op) {
    case "and":
      return masked(call, { grid, ctx, keepMatched: true });
    case "unless":
      return masked(call, { grid, ctx, keepMatched: false });
    default:
      assert(call.op === "or", `operator ${call.op} is no set operator`);
      return union(call, grid, ctx);
  }
}

interface MaskMode {
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
  readonly keepMatched: boolean;
}

/** The left side at the steps at which the right side has a match, or has none. */
function masked({ lhs, rhs, matching }: SetCall, { grid, ctx, keepMatched }: MaskMode): StepStream {
  return {
    metricName: lhs.metricName,
    async *batches() {
      const seen = createPresenceMap(matching, grid.count);
      for await (const batch of rhs.batches()) {
        await checkpoint(ctx);
        seen.addAll(batch);
      }
      yield* maskBatches(lhs, { seen, grid, ctx, keepMatched });
    },
  };
}

/** The left side, and the right side at the steps at which the left has no match. */
function union({ lhs, rhs, matching }: SetCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const known = lhs.metricName !== undefined && rhs.metricName !== undefined;
  const sameName = known && lhs.metricName === rhs.metricName;
  const joined: StepStream = {
    metricName: sameName ? lhs.metricName : undefined,
    async *batches() {
      const seen = createPresenceMap(matching, grid.count);
      for await (const batch of lhs.batches()) {
        await checkpoint(ctx);
        seen.addAll(batch);
        yield batch;
      }
      yield* maskBatches(rhs, { seen, grid, ctx, keepMatched: false });
    },
  };
  const unique = grid.count <= 1 || (known && !sameName);
  return mergeEqualLabels(joined, { count: grid.count, unique }, ctx);
}

async function* maskBatches(
  input: StepStream,
  { seen, grid, ctx, keepMatched }: MaskMode & { readonly seen: PresenceMap },
): AsyncIterable<StepBatch> {
  const builder = createBatchBuilder(grid.count);
  for await (const batch of input.batches()) {
    await checkpoint(ctx);
    for (const series of batch.series) {
      const mask = seen.of(series.labels);
      if (mask === undefined && keepMatched) continue;
      const column = builder.column();
      let found = 0;
      for (let i = 0; i < column.present.length; i++) {
        const matched = mask === undefined ? 0 : mask[i]!;
        found |= column.present[i] = series.present[i]! & (keepMatched ? matched : ~matched);
      }
      if (found === 0) continue;
      column.values.set(series.values.subarray(0, grid.count));
      column.histograms = series.histograms?.slice();
      column.labels = series.labels;
      column.dropName = series.dropName;
      builder.commit();
      if (builder.isFull()) yield builder.take();
    }
  }
  if (!builder.isEmpty()) yield builder.take();
}

interface PresenceMap {
  addAll(batch: StepBatch): void;
  of(labels: readonly string[]): Presence | undefined;
}

function createPresenceMap(matching: VectorMatching, stepCount: number): PresenceMap {
  const keyOf = matchKey(matching);
  const byKey = new Map<string, Presence>();
  return {
    addAll(batch) {
      for (const series of batch.series) {
        const key = keyOf(series.labels);
        let presence = byKey.get(key);
        if (presence === undefined) {
          presence = emptyPresence(stepCount);
          byKey.set(key, presence);
        }
        unite(presence, series.present);
      }
    },
    of: (labels) => byKey.get(keyOf(labels)),
  };
}
