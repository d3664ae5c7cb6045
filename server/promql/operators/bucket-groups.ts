import { type FloatHistogram, type Labels, labelsKey, labelValue } from "../../model/index.ts";
import type { Buckets } from "../functions/classic-histogram.ts";
import { quoteString } from "../parser/go-text.ts";
import type { Position } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { metricNameOf, without } from "./label-sets.ts";
import { floatsOf } from "./native-histograms.ts";
import { isEmpty, isPresent } from "./presence.ts";
import {
  checkpoint,
  copySeries,
  type EvalContext,
  type StepColumn,
  type StepStream,
} from "./stream.ts";

/** Label that holds a classic bucket's upper bound. */
const boundLabel = "le";

/** The bucket series of one histogram. */
export interface BucketGroup {
  /** Labels without the bound. */
  readonly labels: Labels;
  /** Series by upper bound, smallest first. */
  readonly members: readonly { readonly bound: number; readonly column: StepColumn }[];
  /** Native histograms of the very same labels. */
  readonly native: readonly (FloatHistogram | undefined)[] | undefined;
}

/** Reads a vector of bucket series into histograms. Series without a bound are remarked on. */
export async function readBucketGroups(
  input: { readonly stream: StepStream; readonly position: Position },
  grid: StepGrid,
  ctx: EvalContext,
): Promise<readonly BucketGroup[]> {
  const groups = new Map<
    string,
    {
      labels: Labels;
      members: { bound: number; column: StepColumn }[];
      native: readonly (FloatHistogram | undefined)[] | undefined;
    }
  >();
  for await (const batch of input.stream.batches()) {
    await checkpoint(ctx);
    for (const whole of batch.series) {
      const series = floatsOf(whole);
      if (whole.histograms !== undefined) {
        const key = labelsKey(whole.labels);
        const group = groups.get(key) ?? { labels: whole.labels, members: [], native: undefined };
        groups.set(key, group);
        group.native = whole.histograms.slice();
        if (isEmpty(series.present)) continue;
      }
      const bound = parseBound(labelValue(series.labels, boundLabel));
      if (bound === undefined) {
        annotateBadBound(series.labels, input.position, ctx);
        continue;
      }
      const labels = without(series.labels, (name) => name === boundLabel);
      const key = labelsKey(labels);
      const group = groups.get(key) ?? { labels, members: [], native: undefined };
      groups.set(key, group);
      ctx.budget.hold(grid.count);
      group.members.push({ bound, column: copySeries(series) });
    }
  }
  for (const { members } of groups.values()) members.sort((a, b) => a.bound - b.bound || 0);
  return [...groups.values()];
}

/** Gives back what the groups hold. */
export function releaseBucketGroups(
  groups: readonly BucketGroup[],
  grid: StepGrid,
  ctx: EvalContext,
): void {
  for (const { members } of groups) ctx.budget.release(members.length * grid.count);
}

/** Room for the buckets of a group at one step. */
export function emptyBuckets({ members }: BucketGroup): Buckets {
  return {
    bounds: new Float64Array(members.length),
    counts: new Float64Array(members.length),
    count: 0,
  };
}

/** The buckets that have a sample at a step; none of them when `count` is zero. */
export function loadBuckets({ members }: BucketGroup, step: number, into: Buckets): void {
  into.count = 0;
  for (const { bound, column } of members) {
    if (!isPresent(column.present, step)) continue;
    into.bounds[into.count] = bound;
    into.counts[into.count++] = column.values[step]!;
  }
}

/** A number as Go's ParseFloat reads it, undefined when it does not. */
function parseBound(text: string): number | undefined {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function annotateBadBound(labels: Labels, position: Position, ctx: EvalContext): void {
  // The name is only known to be right when it was not dropped on the way.
  const name = ctx.features.delayedNameRemoval ? metricNameOf(labels) : "";
  const bound = quoteString(labelValue(labels, boundLabel));
  ctx.annotations.add({
    kind: "warning",
    text:
      `bucket label "${boundLabel}" is missing or has a malformed value of ${bound}` +
      (name === "" ? "" : ` for metric name ${quoteString(name)}`),
    position,
  });
}
