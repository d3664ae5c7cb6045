import type { SeriesColumns } from "../../storage/index.ts";
import type { HistogramWindowFunction } from "../functions/histogram-windows.ts";
import type { KernelSetup, RangeKernel, WindowFunction } from "../functions/range-kernel.ts";
import type { Position } from "../parser/index.ts";
import type { RangeSource } from "./range-source.ts";

/** A function call over a range vector. */
export interface RangeCall {
  readonly source: RangeSource;
  /** Makes the kernel once the times of the steps are known. */
  kernel(times: Pick<KernelSetup, "stepTimesMs" | "windowEndsMs">): Promise<RangeKernel>;
  /** True for functions that hand samples through and so keep the metric name. */
  readonly keepsName: boolean;
  /** What the function makes of windows with histograms. */
  readonly histograms: HistogramWindowFunction | { readonly ofAll: WindowFunction };
  /** Place of the range vector, for remarks on histograms. */
  readonly position: Position;
  /** Told of each series that gave a float. */
  readonly onResult?: (series: SeriesColumns) => void;
}
