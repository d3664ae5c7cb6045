import { UrdClientError } from "./errors.ts";
import { approximateSizeBytes, type WriteSeries } from "./series.ts";

/** When a batch is full. */
export interface BatchLimits {
  readonly samplesMax: number;
  readonly sizeBytesMax: number;
}

/** Large enough that the cost of a call vanishes, small enough that a retry is cheap. */
export const defaultBatchLimits: BatchLimits = { samplesMax: 10_000, sizeBytesMax: 1024 * 1024 };

/** Series on their way into one call. */
export class Batch {
  readonly series: WriteSeries[] = [];
  samples = 0;
  sizeBytes = 0;

  /** True when `series` would make a batch that holds something already too large. */
  isFullFor(series: WriteSeries, limits: BatchLimits): boolean {
    if (this.series.length === 0) return false;
    return (
      this.samples + series.samples.length > limits.samplesMax ||
      this.sizeBytes + approximateSizeBytes(series) > limits.sizeBytesMax
    );
  }

  add(series: WriteSeries): void {
    this.series.push(series);
    this.samples += series.samples.length;
    this.sizeBytes += approximateSizeBytes(series);
  }
}

/**
 * Cuts series into batches, in order; a series with more samples than a batch holds is cut
 * too. Throws when a time is no whole number, before anything is sent.
 */
export function cutBatches(all: readonly WriteSeries[], limits: BatchLimits): readonly Batch[] {
  const batches: Batch[] = [];
  let batch = new Batch();
  for (const series of all.flatMap((whole) => cutSeries(whole, limits.samplesMax))) {
    if (batch.isFullFor(series, limits)) {
      batches.push(batch);
      batch = new Batch();
    }
    batch.add(series);
  }
  if (batch.series.length > 0) batches.push(batch);
  return batches;
}

/** A series as pieces of at most `samplesMax` samples. */
export function cutSeries(series: WriteSeries, samplesMax: number): readonly WriteSeries[] {
  checkTimes(series);
  const { samples } = series;
  if (samples.length <= samplesMax) return [series];
  const pieces: WriteSeries[] = [];
  for (let at = 0; at < samples.length; at += samplesMax) {
    pieces.push({ ...series, samples: samples.slice(at, at + samplesMax) });
  }
  return pieces;
}

function checkTimes(series: WriteSeries): void {
  for (const { timeMs } of series.samples) {
    if (Number.isSafeInteger(timeMs)) continue;
    throw new UrdClientError(`A sample's time is ${timeMs}, which is no whole number of ms.`, {
      id: "err-urd-request-invalid",
      code: "INVALID_ARGUMENT",
      retryable: false,
      series: JSON.stringify(series.labels),
    });
  }
}
