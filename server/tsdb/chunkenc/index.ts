export {
  type ChunkDecoder,
  chunkSamples,
  createChunkDecoder,
  type EncodedBytes,
  knownEncoding,
} from "./chunk-decode.ts";
export {
  clearSamples,
  makeColumns,
  reserveSamples,
  type SampleColumns,
  truncateSamples,
} from "./columns.ts";
export { type EncodedChunk, encodeChunks, type EncodeOptions } from "./encode-chunks.ts";
export { createXorDecoder, type TimeRange, type XorDecoder } from "./xor-decode.ts";
/** @public For what writes blocks, and for tests. */
export { encodeXor } from "./xor-encode.ts";
/** @public For what writes blocks, and for tests. */
export { encodeXor2 } from "./xor2-encode.ts";
