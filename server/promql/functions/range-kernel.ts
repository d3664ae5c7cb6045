import type { FloatHistogram, Labels } from "../../model/index.ts";
import type { Annotations } from "../annotations.ts";
import type { Position } from "../parser/index.ts";
import type { StepColumn } from "../operators/stream.ts";
import { setPresent } from "../operators/presence.ts";

/**
 * One series' samples with the window of each step: entries [starts[step], ends[step]) of the
 * columns. The same object comes again for the next series.
 */
export interface WindowedSeries {
  labels: Labels;
  timesMs: Float64Array;
  values: Float64Array;
  /** As in SeriesColumns; absent too when the query is not to look at start times. */
  startTimesMs: Float64Array | undefined;
  /** As in SeriesColumns. Kernels that only know floats are never given a series with them. */
  histograms: readonly (FloatHistogram | undefined)[] | undefined;
  /** Entries [from, to) of the columns hold the series. */
  from: number;
  to: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Which samples beside its windows a range selector looks at; undefined: none. */
export type Extended = "anchored" | "smoothed" | undefined;

/** What a kernel knows about its call. */
export interface KernelSetup {
  readonly stepCount: number;
  /** Windows then begin and end with the samples around their bounds; see window-placer.ts. */
  readonly extended: Extended;
  /** Length of a window. */
  readonly rangeMs: number;
  /** Evaluation time of each step. */
  readonly stepTimesMs: Float64Array;
  /** Last time of each step's window. */
  readonly windowEndsMs: Float64Array;
  /** Scalar arguments by step, in the order of the call. */
  readonly params: readonly Float64Array[];
  readonly annotations: Annotations;
  /** Place of each argument. */
  readonly positions: readonly Position[];
  /** Place of the range vector argument. */
  readonly rangePosition: Position;
}

/** Computes a column from a series' windows; steps without a result stay absent. */
export type RangeKernel = (series: WindowedSeries, out: StepColumn) => void;

/** Makes the kernel of one call; what it allocates serves all series. */
export type RangeFunction = (setup: KernelSetup) => RangeKernel;

/** A value from one window of at least one sample; `step` finds parameters. */
export type WindowFunction = (
  series: WindowedSeries,
  from: number,
  to: number,
  step: number,
) => number;

/** A kernel that calls `compute` for each window that has `samplesMin` samples or more. */
export function eachWindow(
  stepCount: number,
  compute: WindowFunction,
  samplesMin = 1,
): RangeKernel {
  return (series, out) => {
    const { starts, ends } = series;
    for (let step = 0; step < stepCount; step++) {
      const from = starts[step]!;
      const to = ends[step]!;
      if (to - from < samplesMin) continue;
      out.values[step] = compute(series, from, to, step);
      setPresent(out.present, step);
    }
  };
}
