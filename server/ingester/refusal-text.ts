import type { PayloadFormat, Refusal, RefusalKind } from "../kernel/index.ts";
import type { TenantLimits } from "../limits/index.ts";
import { formatLabels, labelValue, metricNameLabel, quote, urdError } from "../model/index.ts";
import { compareUtf8 } from "../model/index.ts";
import type { UrdError } from "../platform/base/index.ts";
import { eachField, packedVarints, symbolAt, symbolPlaces, textAt } from "./payload-walk.ts";

/** Where a refusal came from, and by which limits it was judged. */
export interface RefusalContext {
  readonly format: PayloadFormat;
  readonly payload: Uint8Array;
  readonly limits: TenantLimits;
}

/** A refusal's example, decoded: label names and values in turn, sorted, as they were sent. */
interface Example {
  readonly labels: readonly string[];
  readonly text: string;
  readonly timeMs: number;
}

interface Wording {
  /** The whole sentence. */
  readonly say: (example: Example, limits: TenantLimits) => string;
  readonly limit?: (limits: TenantLimits) => number;
}

/** Longest piece of a series that a sentence shows, and of a label. */
const seriesTextLengthMax = 1024;
const shownLengthMax = 200;

/** The error of a refusal kind with its example; undefined for "none". */
export function refusalError(refusal: Refusal, context: RefusalContext): UrdError | undefined {
  const { kind } = refusal;
  if (kind === "none") return undefined;
  const labels = exampleLabels(refusal, context);
  const text = formatLabels(labels).slice(0, seriesTextLengthMax).toWellFormed();
  const example: Example = { labels, text, timeMs: refusal.timeMs };
  const { say, limit } = wordings[kind];
  return urdError(kind, say(example, context.limits), {
    series: example.text,
    ...(limit === undefined ? {} : { limit: limit(context.limits) }),
  });
}

const wordings: Readonly<Record<Exclude<RefusalKind, "none">, Wording>> = {
  "missing-metric-name": {
    say: ({ text }) => `A series has no metric name: ${text} lacks the label __name__.`,
  },
  "metric-name-invalid": {
    say: ({ labels, text }) =>
      `The metric name ${shown(labelValue(labels, metricNameLabel))} is not valid UTF-8, in the series ${text}.`,
  },
  "max-label-names-per-series": {
    say: ({ labels, text }, { labelNamesMax }) =>
      `The series ${text} has ${labels.length / 2} labels and its tenant may have ${labelNamesMax}; raise limits.max_label_names_per_series or send fewer labels.`,
    limit: (limits) => limits.labelNamesMax,
  },
  "label-invalid": {
    say: ({ text }) => `A label name is empty or not valid UTF-8, in the series ${text}.`,
  },
  "label-name-too-long": {
    say: ({ labels, text }, { labelNameSizeBytesMax }) =>
      `The label name ${shown(longest(labels, 0))} is longer than ${labelNameSizeBytesMax} bytes, in the series ${text}; raise limits.max_label_name_length or shorten it.`,
    limit: (limits) => limits.labelNameSizeBytesMax,
  },
  "label-value-invalid": {
    say: ({ text }) => `A label value is not valid UTF-8, in the series ${text}.`,
  },
  "label-value-too-long": {
    say: ({ labels, text }, { labelValueSizeBytesMax }) =>
      `The label value ${shown(longest(labels, 1))} is longer than ${labelValueSizeBytesMax} bytes, in the series ${text}; raise limits.max_label_value_length or shorten it.`,
    limit: (limits) => limits.labelValueSizeBytesMax,
  },
  "duplicate-label-names": {
    say: ({ labels, text }) =>
      `The label name ${shown(firstTwice(labels))} occurs twice in the series ${text}.`,
  },
  "max-series-per-user": {
    say: ({ text }, { seriesMax }) =>
      `The tenant has ${seriesMax} series in memory, as many as it may have, and the series ${text} is a new one; raise limits.max_global_series_per_user or send fewer series.`,
    limit: (limits) => limits.seriesMax,
  },
  "ingester-max-series": {
    say: ({ text }) =>
      `The ingester holds as many series as its memory allows, and the series ${text} is a new one; it will be taken when others have gone.`,
  },
  "too-far-in-future": {
    say: ({ text, timeMs }, { futureGraceMs }) =>
      `A sample of the series ${text} at ${timeText(timeMs)} lies more than ${futureGraceMs / 1000} s in the future; check the sender's clock or raise limits.creation_grace_period.`,
    limit: (limits) => limits.futureGraceMs,
  },
  "sample-timestamp-too-old": {
    say: ({ text, timeMs }, { outOfOrderWindowMs }) =>
      `A sample of the series ${text} at ${timeText(timeMs)} is more than ${outOfOrderWindowMs / 1000} s older than the newest sample of its tenant; raise limits.out_of_order_time_window to take such samples.`,
    limit: (limits) => limits.outOfOrderWindowMs,
  },
  "sample-out-of-order": {
    say: ({ text, timeMs }) =>
      `A sample of the series ${text} at ${timeText(timeMs)} is older than the newest of its series; set limits.out_of_order_time_window to take such samples.`,
    limit: (limits) => limits.outOfOrderWindowMs,
  },
  "sample-duplicate-timestamp": {
    say: ({ text, timeMs }) =>
      `A sample of the series ${text} at ${timeText(timeMs)} has another value than the one that is stored for this time.`,
  },
  "native-histograms-disabled": {
    say: ({ text }) =>
      `The series ${text} has native histograms, which its tenant does not take; set limits.native_histograms_ingestion_enabled or send classic histograms instead.`,
  },
  "max-native-histogram-buckets": {
    say: (example, { nativeHistogramBucketsMax }) =>
      `${histogram(example)} has more buckets than allowed${bound(nativeHistogramBucketsMax)}; raise limits.max_native_histogram_buckets or send fewer buckets.`,
    limit: (limits) => limits.nativeHistogramBucketsMax,
  },
  "invalid-native-histogram-schema": {
    say: (example) => `${histogram(example)} has a schema that is neither -4 to 8 nor -53.`,
  },
  "native-histogram-count-mismatch": {
    say: (example) => `${histogram(example)} has a count that is not the sum of its buckets.`,
  },
  "native-histogram-count-not-big-enough": {
    say: (example) => `${histogram(example)} has a count that is less than the sum of its buckets.`,
  },
  "native-histogram-negative-bucket-count": {
    say: (example) => `${histogram(example)} has a count below zero.`,
  },
  "native-histogram-span-negative-offset": {
    say: (example) => `${histogram(example)} has a span whose offset is negative.`,
  },
  "native-histogram-spans-buckets-mismatch": {
    say: (example) =>
      `${histogram(example)} has spans for another number of buckets than it has buckets.`,
  },
  "native-histogram-custom-buckets-mismatch": {
    say: (example) => `${histogram(example)} has too few custom bounds for its buckets.`,
  },
  "native-histogram-custom-buckets-invalid": {
    say: (example) =>
      `${histogram(example)} has custom bounds that do not ascend, or parts that do not go with its schema.`,
  },
  "native-histogram-custom-buckets-infinite": {
    say: (example) => `${histogram(example)} names the custom bound +Inf, which is implied.`,
  },
  "native-histogram-custom-buckets-not-reducible": {
    say: (example, { nativeHistogramBucketsMax }) =>
      `${histogram(example)} has more custom buckets than allowed${bound(nativeHistogramBucketsMax)}; raise limits.max_native_histogram_buckets or send fewer buckets.`,
    limit: (limits) => limits.nativeHistogramBucketsMax,
  },
};

function histogram({ text, timeMs }: Example): string {
  return `A native histogram of the series ${text} at ${timeText(timeMs)}`;
}

/** The tenant's bound in brackets; without one the histogram is larger than any may be. */
function bound(bucketsMax: number): string {
  return bucketsMax === 0 ? "" : ` (${bucketsMax})`;
}

/** The example's labels, sorted by name. Duplicates and odd values stay as they were sent. */
function exampleLabels(refusal: Refusal, context: RefusalContext): readonly string[] {
  const { payload, format } = context;
  const range = {
    from: refusal.seriesOffsetBytes,
    to: refusal.seriesOffsetBytes + refusal.seriesSizeBytes,
  };
  if (range.to > payload.length) return [];
  const pairs = format === 1 ? labelsOfSeries1(payload, range) : labelsOfSeries2(payload, range);
  return pairs.sort(([a], [b]) => compareUtf8(a, b)).flat();
}

type Range = { readonly from: number; readonly to: number };

function labelsOfSeries1(payload: Uint8Array, range: Range): [string, string][] {
  const pairs: [string, string][] = [];
  eachField(payload, range, (field, from, to) => {
    if (field !== 1) return;
    const pair: [string, string] = ["", ""];
    eachField(payload, { from, to }, (part, textFrom, textTo) => {
      if (part === 1 || part === 2) pair[part - 1] = textAt(payload, textFrom, textTo);
    });
    pairs.push(pair);
  });
  return pairs;
}

function labelsOfSeries2(payload: Uint8Array, range: Range): [string, string][] {
  const places = symbolPlaces(payload);
  const pairs: [string, string][] = [];
  eachField(payload, range, (field, from, to) => {
    if (field !== 1) return;
    const refs = packedVarints(payload, from, to);
    for (let i = 0; i + 1 < refs.length; i += 2) {
      pairs.push([
        symbolAt(payload, places, refs[i] ?? 0),
        symbolAt(payload, places, refs[i + 1] ?? 0),
      ]);
    }
  });
  return pairs;
}

/** The longest of the names (offset 0) or values (offset 1). */
function longest(labels: readonly string[], offset: number): string {
  return labels
    .filter((_, i) => i % 2 === offset)
    .reduce((longer, text) => (text.length > longer.length ? text : longer), "");
}

/** The first name that stands twice in sorted labels. */
function firstTwice(labels: readonly string[]): string {
  for (let i = 2; i < labels.length; i += 2) {
    if (labels[i] === labels[i - 2]) return labels[i] ?? "";
  }
  return "";
}

function shown(text: string): string {
  return quote(text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text);
}

/** Largest magnitude that a Date takes, ms. */
const dateMsMax = 8.64e15;

function timeText(timeMs: number): string {
  return Math.abs(timeMs) <= dateMsMax ? new Date(timeMs).toISOString() : `${timeMs} ms`;
}
