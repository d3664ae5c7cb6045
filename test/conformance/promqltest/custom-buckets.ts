import {
  bucketsFrom,
  customSchema,
  emptyHistogram,
  type FloatHistogram,
  type Labels,
  labelsFrom,
  labelsKey,
  labelValue,
  metricNameLabel,
} from "../../../server/model/index.ts";
import type { SeriesLine } from "./series-line.ts";
import { parseNumber } from "./values.ts";

/** What the series of one classic histogram say about one time. */
interface Collected {
  readonly cumulative: Map<number, number>;
  count: number | undefined;
  sum: number;
}

/**
 * The classic histograms among `series` as native ones with custom buckets, as `load_with_nhcb`
 * adds them. Throws where counts contradict each other.
 */
export function toCustomBuckets(series: readonly SeriesLine[]): readonly SeriesLine[] {
  const found = new Map<string, { labels: Labels; at: (Collected | undefined)[] }>();
  for (const { labels, values } of series) {
    const [, name, part] = /^(.*)_(bucket|count|sum)$/s.exec(nameOf(labels)) ?? [];
    const upper = Number.isNaN(upperBound(labels)) && part === "bucket";
    if (name === undefined || upper) continue;
    const base = withName(labels, name);
    const histogram = found.get(labelsKey(base)) ?? { labels: base, at: [] };
    found.set(labelsKey(base), histogram);
    for (const [i, value] of values.entries()) {
      if (typeof value !== "number") continue;
      const moment = (histogram.at[i] ??= { cumulative: new Map(), count: undefined, sum: 0 });
      if (part === "bucket") moment.cumulative.set(upperBound(labels), value);
      else if (part === "count") moment.count = value;
      else moment.sum = value;
    }
  }
  return [...found.values()].map(({ labels, at }) => ({
    labels,
    values: Array.from(at, (moment) =>
      moment === undefined ? "absent" : { histogram: convert(moment), saysHint: false },
    ),
    startOffsetsMs: [],
    source: `native histogram ${labels.join(" ")}`,
  }));
}

function nameOf(labels: Labels): string {
  return labelValue(labels, metricNameLabel);
}

function upperBound(labels: Labels): number {
  try {
    return parseNumber(labelValue(labels, "le"));
  } catch {
    return Number.NaN;
  }
}

function withName(labels: Labels, name: string): Labels {
  const pairs = new Map<string, string>();
  for (let i = 0; i < labels.length; i += 2) {
    pairs.set(labels[i] as string, labels[i + 1] as string);
  }
  pairs.set(metricNameLabel, name);
  pairs.delete("le");
  return labelsFrom(pairs);
}

function convert({ cumulative, count, sum }: Collected): FloatHistogram {
  const bounds = [...cumulative.keys()].sort((a, b) => a - b);
  const highest = bounds.at(-1);
  const total = count ?? cumulative.get(highest ?? Infinity);
  if (total === undefined) throw new Error("count must be provided when no buckets are present");
  if (highest !== Infinity) {
    bounds.push(Infinity);
    cumulative.set(Infinity, total);
  }
  if (cumulative.get(Infinity) !== total) throw new Error("count mismatch");
  let before = 0;
  const counts = bounds.map((bound) => {
    const until = cumulative.get(bound) as number;
    if (until < before) throw new Error(`count is not cumulative: ${until} < ${before}`);
    const own = until - before;
    before = until;
    return own;
  });
  return {
    ...emptyHistogram,
    ...{ schema: customSchema, count: total, sum, positive: bucketsFrom(0, counts) },
    customBounds: bounds.slice(0, -1),
  };
}
