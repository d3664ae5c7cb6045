import {
  type FloatHistogram,
  histogramFraction as nativeFraction,
  histogramQuantile as nativeQuantile,
  type Labels,
} from "../../model/index.ts";
import { bucketFraction, bucketQuantile, type CountFix } from "../functions/classic-histogram.ts";
import { annotateQuantile } from "../functions/quantile.ts";
import { formatFloatShort, quoteString } from "../parser/go-text.ts";
import type { Position } from "../parser/index.ts";
import { type StepGrid, stepTimeMs } from "../plan/grid.ts";
import {
  type BucketGroup,
  emptyBuckets,
  loadBuckets,
  readBucketGroups,
  releaseBucketGroups,
} from "./bucket-groups.ts";
import { mergeEqualLabels } from "./held-series.ts";
import { metricNameOf, withLabels, withoutName } from "./label-sets.ts";
import { isEmpty, setPresent } from "./presence.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  newColumn,
  type ScalarColumn,
  type StepColumn,
  type StepStream,
} from "./stream.ts";

/** The vector argument of a histogram function. */
export interface HistogramInput {
  readonly stream: StepStream;
  readonly position: Position;
}

/** A scalar argument with its place. */
export interface PlacedScalar {
  readonly scalar: ScalarColumn;
  readonly position: Position;
}

/** Where and how a function is evaluated. */
export interface Evaluation {
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
}

/** One quantile of each histogram. */
export function histogramQuantile(
  input: HistogramInput,
  quantile: PlacedScalar,
  { grid, ctx }: Evaluation,
): StepStream {
  return eachHistogram(input, { grid, ctx }, async () => {
    const quantiles = await readQuantiles(quantile, ctx);
    return (group) => [quantileColumn(group, quantiles, { input, grid, ctx })];
  });
}

/** Several quantiles of each histogram, told apart by a label. */
export function histogramQuantiles(
  input: HistogramInput,
  { label, quantiles }: { readonly label: string; readonly quantiles: readonly PlacedScalar[] },
  { grid, ctx }: Evaluation,
): StepStream {
  return eachHistogram(input, { grid, ctx, setsLabel: true }, async () => {
    const columns = await Promise.all(quantiles.map((one) => readQuantiles(one, ctx)));
    return (group) =>
      columns.flatMap((column) =>
        splitByQuantile(quantileColumn(group, column, { input, grid, ctx }), column, label),
      );
  });
}

/** The part of each histogram's observations that lies between two values. */
export function histogramFraction(
  input: HistogramInput,
  bounds: { readonly lower: ScalarColumn; readonly upper: ScalarColumn },
  { grid, ctx }: Evaluation,
): StepStream {
  return eachHistogram(input, { grid, ctx }, async () => {
    const [lower, upper] = [await bounds.lower(), await bounds.upper()];
    return (group) => {
      const column = newColumn(grid.count);
      column.labels = group.labels;
      const buckets = emptyBuckets(group);
      for (let step = 0; step < grid.count; step++) {
        loadBuckets(group, step, buckets);
        const native = nativeAt(group, step, { count: buckets.count, input, ctx });
        if (native !== undefined) {
          if (Number.isNaN(native.sum)) {
            const rest = "which are excluded from all fractions";
            annotateNaN(group.labels, `fraction has NaN observations, ${rest}`, { input, ctx });
          }
          column.values[step] = nativeFraction(native, lower[step]!, upper[step]!);
          setPresent(column.present, step);
          continue;
        }
        if (buckets.count === 0 || group.native?.[step] !== undefined) continue;
        column.values[step] = bucketFraction(lower[step]!, upper[step]!, buckets);
        setPresent(column.present, step);
      }
      return [column];
    };
  });
}

/** Makes the columns of one histogram. */
type HistogramColumns = (group: BucketGroup) => readonly StepColumn[];

function eachHistogram(
  input: HistogramInput,
  { grid, ctx, setsLabel = false }: Evaluation & { readonly setsLabel?: boolean },
  prepare: () => Promise<HistogramColumns>,
): StepStream {
  const delayed = ctx.features.delayedNameRemoval;
  const { metricName } = input.stream;
  const results: StepStream = {
    metricName: delayed ? metricName : metricName && "",
    async *batches() {
      const compute = await prepare();
      const groups = await readBucketGroups(input, grid, ctx);
      const builder = createBatchBuilder(grid.count);
      for (const group of groups) {
        await checkpoint(ctx);
        for (const column of compute(group)) {
          if (isEmpty(column.present)) continue;
          const out = builder.column();
          out.labels = delayed ? column.labels : withoutName(column.labels);
          out.dropName = delayed;
          out.values.set(column.values);
          out.present.set(column.present);
          builder.commit();
          if (builder.isFull()) yield builder.take();
        }
      }
      if (!builder.isEmpty()) yield builder.take();
      releaseBucketGroups(groups, grid, ctx);
    },
  };
  return mergeEqualLabels(
    results,
    { count: grid.count, unique: !setsLabel && (delayed || metricName !== undefined) },
    ctx,
  );
}

async function readQuantiles(
  { scalar, position }: PlacedScalar,
  { annotations }: EvalContext,
): Promise<Float64Array> {
  const quantiles = await scalar();
  for (const value of quantiles) annotateQuantile(value, { annotations, positions: [position] });
  return quantiles;
}

function quantileColumn(
  group: BucketGroup,
  quantiles: Float64Array,
  { input, grid, ctx }: Evaluation & { readonly input: HistogramInput },
): StepColumn {
  const column = newColumn(grid.count);
  column.labels = group.labels;
  const buckets = emptyBuckets(group);
  for (let step = 0; step < grid.count; step++) {
    loadBuckets(group, step, buckets);
    const native = nativeAt(group, step, { count: buckets.count, input, ctx });
    if (native !== undefined) {
      const quantile = nativeQuantile(native, quantiles[step]!);
      if (Number.isNaN(native.sum) && quantiles[step]! >= 0 && quantiles[step]! <= 1) {
        const effect = Number.isNaN(quantile) ? "NaN" : "skewed higher";
        const text = `quantile has NaN observations, result is ${effect}`;
        annotateNaN(group.labels, text, { input, ctx });
      }
      column.values[step] = quantile;
      setPresent(column.present, step);
      continue;
    }
    if (buckets.count === 0 || group.native?.[step] !== undefined) continue;
    const { value, fix } = bucketQuantile(quantiles[step]!, buckets);
    if (fix !== undefined) {
      annotateFix(group.labels, { ...fix, timeMs: stepTimeMs(grid, step) }, { input, ctx });
    }
    column.values[step] = value;
    setPresent(column.present, step);
  }
  return column;
}

/** The native histogram at a step. One beside classic buckets is remarked on and not taken. */
function nativeAt(
  group: BucketGroup,
  step: number,
  { count, input, ctx }: { count: number; input: HistogramInput; ctx: EvalContext },
): FloatHistogram | undefined {
  const native = group.native?.[step];
  if (native === undefined || count === 0) return native;
  const name = ctx.features.delayedNameRemoval ? metricNameOf(group.labels) : "";
  const text = "vector contains a mix of classic and native histograms";
  const suffix = name === "" ? "" : ` for metric name ${quoteString(name)}`;
  ctx.annotations.add({ kind: "warning", text: text + suffix, position: input.position });
  return undefined;
}

function annotateNaN(
  labels: Labels,
  text: string,
  { input, ctx }: { readonly input: HistogramInput; readonly ctx: EvalContext },
): void {
  const name = ctx.features.delayedNameRemoval ? metricNameOf(labels) : "";
  const suffix = name === "" ? "" : ` for metric name ${quoteString(name)}`;
  const { position } = input;
  ctx.annotations.add({ kind: "info", text: `input to histogram_${text}${suffix}`, position });
}

function annotateFix(
  labels: Labels,
  fix: CountFix & { readonly timeMs: number },
  { input, ctx }: { readonly input: HistogramInput; readonly ctx: EvalContext },
): void {
  const name = ctx.features.delayedNameRemoval ? metricNameOf(labels) : "";
  ctx.annotations.add({
    kind: "info",
    text:
      "input to histogram_quantile needed to be fixed for monotonicity (see " +
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
      (name === "" ? "" : ` for metric name ${quoteString(name)}`),
    position: input.position,
    fix,
  });
}

/** One column per quantile that stands in the column: a parameter may change from step to step. */
function splitByQuantile(
  column: StepColumn,
  quantiles: Float64Array,
  label: string,
): readonly StepColumn[] {
  const distinct = [...new Set(quantiles)];
  return distinct.map((quantile) => {
    const labels = withLabels(column.labels, [[label, formatQuantile(quantile)]]);
    if (distinct.length === 1) return { ...column, labels };
    const present = column.present.slice();
    quantiles.forEach((other, step) => {
      if (!Object.is(other, quantile)) present[step >>> 5]! &= ~(1 << (step & 31));
    });
    return { ...column, labels, present };
  });
}

/** As OpenMetrics writes numbers: whole ones get a fraction. */
function formatQuantile(value: number): string {
  const text = formatFloatShort(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
