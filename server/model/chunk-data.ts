/** Chunk encodings by Prometheus's numbers; the `ST` forms have room for start timestamps. */
export const chunkEncodings: {
  readonly xor: 1;
  readonly histogram: 2;
  readonly floatHistogram: 3;
  readonly xor2: 4;
  readonly histogramST: 5;
  readonly floatHistogramST: 6;
} = { xor: 1, histogram: 2, floatHistogram: 3, xor2: 4, histogramST: 5, floatHistogramST: 6 };

/** One of `chunkEncodings`. */
export type ChunkEncoding = (typeof chunkEncodings)[keyof typeof chunkEncodings];

/** A run of samples of one series; opaque to everyone but its codec. */
export interface ChunkData {
  readonly encoding: ChunkEncoding;
  /** Time of the first sample, ms. */
  readonly minTimeMs: number;
  /** Time of the last sample, ms. */
  readonly maxTimeMs: number;
  readonly bytes: Uint8Array;
}
