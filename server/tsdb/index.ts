export {
  type ChunkDecoder,
  chunkSamples,
  clearSamples,
  createChunkDecoder,
  createXorDecoder,
  type EncodedBytes,
  type EncodedChunk,
  encodeChunks,
  type EncodeOptions,
  encodeXor,
  encodeXor2,
  knownEncoding,
  makeColumns,
  reserveSamples,
  type SampleColumns,
  type TimeRange,
  type XorDecoder,
} from "./chunkenc/index.ts";
export { type Block, openBlock } from "./block/block.ts";
export { type BlockMeta, readBlockMeta } from "./block/meta.ts";
export {
  type BlockContent,
  type BlockSeries,
  writeBlock,
} from "./block/write-block.ts";
export type { StoredChunk } from "./chunks/segment.ts";
export type { IndexedSeries, IndexReader } from "./index/reader.ts";
export type { IndexedChunk } from "./index/writer.ts";
export { createRunMerger, forgetPredecessor, type RunMerger } from "./merge-runs.ts";
export { selectSeries } from "./querier.ts";
