import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Histogram_ResetHint,
  type HistogramSchema,
  type WriteRequest,
  WriteRequestSchema,
} from "../../gen/prometheus/remote_pb.ts";
import {
  type BucketCounts,
  customSchema,
  emptyHistogram,
  type FloatHistogram,
} from "../../server/model/index.ts";
import { makeColumns, type SampleColumns } from "../../server/tsdb/index.ts";

/** A series of floats, native histograms and staleness markers. */
export interface HistogramSeries {
  readonly metric: string;
  /** Counts are floats. */
  readonly isFloat: boolean;
  readonly samples: readonly (readonly [
    timeMs: number,
    sample: number | "stale" | FloatHistogram,
  ])[];
}

const bounds = [0.1, 0.25, 1, 2.5, 1e6];

/** Series of every kind with `count` samples from `startMs` on, 15 s apart. */
export function histogramSeries(startMs: number, count: number): HistogramSeries[] {
  const of = (
    metric: string,
    sample: (i: number) => number | "stale" | FloatHistogram,
  ): HistogramSeries => ({
    metric,
    isFloat: metric.startsWith("float"),
    samples: Array.from({ length: count }, (_, i) => [startMs + i * 15_000, sample(i)] as const),
  });
  return [
    of("float_counter", (i) => exponential({ ...counts(i), scale: 0.375 })),
    of("float_gauge", (i) => ({ ...exponential(counts((i * 7) % 40)), hint: "gauge" })),
    of("integer_counter", (i) => (i % 50 === 49 ? "stale" : exponential(counts(i % 70)))),
    of("integer_custom", (i) => custom(i)),
    of("integer_gauge", (i) => ({ ...exponential(counts((i * 13) % 29)), hint: "gauge" })),
    of("integer_schemas", (i) => ({ ...exponential(counts(i)), schema: i < count / 2 ? 3 : 1 })),
    of("mixed", (i) => (i % 40 < 20 ? i : exponential(counts(i)))),
    of("plain", (i) => i * 1.5),
  ];
}

/** Counts that grow with `i`; every tenth step populates one bucket more. */
function counts(i: number): { readonly steps: number; readonly buckets: number } {
  return { steps: i + 1, buckets: 3 + Math.floor(i / 10) };
}

function exponential(of: {
  readonly steps: number;
  readonly buckets: number;
  readonly scale?: number;
}): FloatHistogram {
  const { steps, buckets, scale = 1 } = of;
  const side = (first: number): BucketCounts => {
    const indices = Array.from({ length: buckets }, (_, k) => first + k + (k > 2 ? 4 : 0));
    return { indices, counts: indices.map((_, k) => scale * steps * (1 + ((k * 5) % 7))) };
  };
  const [positive, negative] = [side(-2), side(1)];
  const zeroCount = steps * scale;
  const all = [...positive.counts, ...negative.counts, zeroCount];
  return {
    ...emptyHistogram,
    ...{ schema: 2, zeroThreshold: 2 ** -128, zeroCount, positive, negative },
    count: all.reduce((sum, one) => sum + one, 0),
    sum: steps * 1.25,
  };
}

function custom(i: number): FloatHistogram {
  const indices = [0, 1, 2, 3, 4, 5].slice(0, 2 + (i % 5));
  const each = indices.map((index) => (i + 1) * (index + 1));
  return {
    ...emptyHistogram,
    ...{ schema: customSchema, customBounds: bounds, positive: { indices, counts: each } },
    count: each.reduce((sum, one) => sum + one, 0),
    sum: i / 3,
  };
}

/** The samples of a series as columns. */
export function columnsOf({ samples }: HistogramSeries): SampleColumns {
  const columns = makeColumns(samples.length);
  columns.histograms = [];
  for (const [timeMs, sample] of samples) {
    const i = columns.length++;
    columns.timesMs[i] = timeMs;
    if (sample === "stale") columns.words.set([2, 0x7ff0_0000], 2 * i);
    else if (typeof sample === "number") columns.values[i] = sample;
    columns.histograms.push(typeof sample === "object" ? sample : undefined);
  }
  return columns;
}

/** A remote write 1.0 message of series; their staleness markers are left out. */
export function histogramRequest(series: readonly HistogramSeries[]): WriteRequest {
  return create(WriteRequestSchema, {
    timeseries: series.map(({ metric, isFloat, samples }) => ({
      labels: [{ name: "__name__", value: metric }],
      samples: samples.flatMap(([timeMs, value]) =>
        typeof value === "number" ? [{ timestamp: BigInt(timeMs), value }] : [],
      ),
      histograms: samples.flatMap(([timeMs, value]) =>
        typeof value === "object" ? [histogramMessage(value, timeMs, isFloat)] : [],
      ),
    })),
  });
}

function histogramMessage(
  h: FloatHistogram,
  timeMs: number,
  isFloat: boolean,
): MessageInitShape<typeof HistogramSchema> {
  const { schema, sum, zeroThreshold } = h;
  const common = {
    ...{ schema, sum, zeroThreshold, customValues: [...h.customBounds], timestamp: BigInt(timeMs) },
    positiveSpans: spansOf(h.positive.indices),
    negativeSpans: spansOf(h.negative.indices),
    resetHint: h.hint === "gauge" ? Histogram_ResetHint.GAUGE : Histogram_ResetHint.UNKNOWN,
  };
  if (isFloat) {
    return {
      ...common,
      count: { case: "countFloat", value: h.count },
      zeroCount: { case: "zeroCountFloat", value: h.zeroCount },
      positiveCounts: [...h.positive.counts],
      negativeCounts: [...h.negative.counts],
    };
  }
  return {
    ...common,
    count: { case: "countInt", value: BigInt(h.count) },
    zeroCount: { case: "zeroCountInt", value: BigInt(h.zeroCount) },
    positiveDeltas: deltasOf(h.positive.counts),
    negativeDeltas: deltasOf(h.negative.counts),
  };
}

function spansOf(indices: readonly number[]): { offset: number; length: number }[] {
  const spans: { offset: number; length: number }[] = [];
  let next = 0;
  for (const index of indices) {
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return spans;
}

function deltasOf(counts: readonly number[]): bigint[] {
  return counts.map((count, i) => BigInt(count - (i === 0 ? 0 : (counts[i - 1] as number))));
}
