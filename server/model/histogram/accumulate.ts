import { addHistograms, divideHistogram, hasOverflow, scaleHistogram } from "./arithmetic.ts";
import { alignHistograms } from "./buckets.ts";
import {
  type BucketCounts,
  type FloatHistogram,
  noBuckets,
  withoutZeros,
} from "./float-histogram.ts";

/** A sum of histograms beside what rounding took from it, number by number (Neumaier). */
interface Compensated {
  readonly total: FloatHistogram;
  /** Same layout as `total`; counts of buckets by index. */
  readonly rest: FloatHistogram;
}

/** What happened while histograms were added up. */
export interface Remarks {
  incompatible: boolean;
  reconciled: boolean;
  collision: boolean;
}

/** Adds histograms up without losing what rounding takes. */
export interface HistogramFold {
  add(h: FloatHistogram): void;
  /** The result; undefined when nothing came or layouts were incompatible. */
  result(): FloatHistogram | undefined;
  readonly remarks: Remarks;
}

/** A fold into the sum, or into the mean, which goes on as a running mean where sums overflow. */
export function createHistogramFold(kind: "sum" | "mean"): HistogramFold {
  let state: Compensated | undefined;
  let seen = 0;
  let running = false;
  const resets = new Set<string>();
  const remarks: Remarks = { incompatible: false, reconciled: false, collision: false };
  const grow = (h: FloatHistogram, before: Compensated): Compensated | undefined => {
    const next = addCompensated(before, h, remarks);
    if (next === undefined) remarks.incompatible = true;
    return next;
  };
  const addRunning = (h: FloatHistogram, before: Compensated): Compensated | undefined =>
    grow(
      divideHistogram(h, seen),
      mapBoth(before, (one) => scaleHistogram(one, (seen - 1) / seen)),
    );
  return {
    add(h) {
      seen++;
      resets.add(h.hint);
      remarks.collision ||= resets.has("reset") && resets.has("not-reset");
      if (remarks.incompatible) return;
      if (state === undefined) {
        state = { total: h, rest: blank(h) };
        return;
      }
      const before: Compensated = state;
      if (!running) state = grow(h, before);
      else state = addRunning(h, before);
      if (kind === "sum" || running || state === undefined || !hasOverflow(state.total)) return;
      running = true;
      state = addRunning(
        h,
        mapBoth(before, (one) => divideHistogram(one, seen - 1)),
      );
    },
    result() {
      if (state === undefined || remarks.incompatible) return undefined;
      const whole = finish(state);
      return kind === "sum" || running ? whole : divideHistogram(whole, seen);
    },
    remarks,
  };
}

function mapBoth(
  { total, rest }: Compensated,
  map: (h: FloatHistogram) => FloatHistogram,
): Compensated {
  return { total: map(total), rest: map(rest) };
}

function blank(h: FloatHistogram): FloatHistogram {
  return { ...h, count: 0, sum: 0, zeroCount: 0, positive: noBuckets, negative: noBuckets };
}

function finish({ total, rest }: Compensated): FloatHistogram {
  return addHistograms(total, { ...rest, hint: total.hint })?.histogram ?? total;
}

function addCompensated(
  { total, rest }: Compensated,
  h: FloatHistogram,
  remarks: Remarks,
): Compensated | undefined {
  const combined = addHistograms(total, h);
  if (combined === undefined) return undefined;
  remarks.reconciled ||= combined.reconciled;
  const { histogram: sum } = combined;
  const before = alignHistograms(total, sum)?.a ?? total;
  const added = alignHistograms(h, sum)?.a ?? h;
  const old = alignHistograms({ ...rest, hint: "unknown" }, sum)?.a ?? rest;
  return {
    total: sum,
    rest: {
      ...sum,
      count: old.count + lost(before.count, added.count),
      sum: old.sum + lost(before.sum, added.sum),
      zeroCount: old.zeroCount + lost(before.zeroCount, added.zeroCount),
      positive: lostBuckets(before.positive, added.positive, old.positive),
      negative: lostBuckets(before.negative, added.negative, old.negative),
    },
  };
}

/** What rounding takes from `a + b`. */
function lost(a: number, b: number): number {
  const sum = a + b;
  if (!Number.isFinite(sum)) return 0;
  return Math.abs(a) >= Math.abs(b) ? a - sum + b : b - sum + a;
}

function lostBuckets(before: BucketCounts, added: BucketCounts, old: BucketCounts): BucketCounts {
  const rests = new Map(old.indices.map((index, i) => [index, old.counts[i] as number]));
  const counts = new Map(before.indices.map((index, i) => [index, before.counts[i] as number]));
  for (const [i, index] of added.indices.entries()) {
    const rest = lost(counts.get(index) ?? 0, added.counts[i] as number);
    if (rest !== 0) rests.set(index, (rests.get(index) ?? 0) + rest);
  }
  const indices = [...rests.keys()].sort((a, b) => a - b);
  return withoutZeros(
    indices,
    indices.map((index) => rests.get(index) as number),
  );
}
