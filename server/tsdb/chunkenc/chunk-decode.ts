import { type ChunkEncoding, chunkEncodings } from "../../model/index.ts";
import type { SampleColumns } from "./columns.ts";
import { createHistogramDecoder, type HistogramForm } from "./histogram-decode.ts";
import { createXorDecoder, type TimeRange } from "./xor-decode.ts";
import { createXor2Decoder } from "./xor2-decode.ts";

/** Reads chunks of all encodings, one after the other; holds only scratch space. */
export interface ChunkDecoder {
  /**
   * Appends the samples within `range` to `into` and returns how many the chunk holds. Throws
   * CorruptionError (file "chunk", offset within `bytes`) when the bytes are not such a chunk;
   * `into` is then what it was.
   */
  decode(chunk: EncodedBytes, range: TimeRange, into: SampleColumns): number;
}

/** A chunk's bytes and what they are. */
export interface EncodedBytes {
  readonly encoding: ChunkEncoding;
  readonly bytes: Uint8Array;
}

const histogramForms: Readonly<Record<number, HistogramForm>> = {
  [chunkEncodings.histogram]: { isFloat: false, hasStartTimes: false },
  [chunkEncodings.floatHistogram]: { isFloat: true, hasStartTimes: false },
  [chunkEncodings.histogramST]: { isFloat: false, hasStartTimes: true },
  [chunkEncodings.floatHistogramST]: { isFloat: true, hasStartTimes: true },
};

/** Makes a decoder; one per thread is enough. */
export function createChunkDecoder(): ChunkDecoder {
  const xor = createXorDecoder();
  const xor2 = createXor2Decoder();
  const histograms = createHistogramDecoder();
  return {
    decode({ encoding, bytes }, range, into) {
      if (encoding === chunkEncodings.xor) return xor.decode(bytes, range, into);
      const form = histogramForms[encoding];
      if (form === undefined) return xor2.decode(bytes, range, into);
      return histograms.decode(bytes, { form, range }, into);
    },
  };
}

const encodings: ReadonlyMap<number, ChunkEncoding> = new Map(
  Object.values(chunkEncodings).map((encoding) => [encoding, encoding]),
);

/** The encoding of a number that was read; undefined when this version does not know it. */
export function knownEncoding(encoding: number): ChunkEncoding | undefined {
  return encodings.get(encoding);
}

/** How many samples a chunk says it has. */
export function chunkSamples({ encoding, bytes }: EncodedBytes): number {
  const word = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  return histogramForms[encoding]?.hasStartTimes === true ? word & 0x3fff : word;
}
