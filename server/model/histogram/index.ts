export { createHistogramFold, type HistogramFold, type Remarks } from "./accumulate.ts";
export {
  addHistograms,
  type Combined,
  detectReset,
  divideHistogram,
  scaleHistogram,
  subtractHistograms,
} from "./arithmetic.ts";
export { type Bucket, positiveBounds, reduceResolution } from "./buckets.ts";
export {
  type BucketCounts,
  bucketsFrom,
  type CounterResetHint,
  customSchema,
  emptyHistogram,
  type FloatHistogram,
  hasCustomBuckets,
  histogramsEqual,
  noBuckets,
  sameNumbers,
} from "./float-histogram.ts";
export { histogramFraction, histogramQuantile, histogramVariance } from "./statistics.ts";
export { trimHistogram, type TrimSide } from "./trim.ts";
