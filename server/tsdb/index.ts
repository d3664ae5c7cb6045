export {
  createXorDecoder,
  encodeXor,
  makeColumns,
  reserveSamples,
  type SampleColumns,
  type TimeRange,
  type XorDecoder,
} from "./chunkenc/index.ts";
export { type Block, openBlock } from "./block/block.ts";
export { type BlockMeta, readBlockMeta } from "./block/meta.ts";
export {
  type BlockChunk,
  type BlockContent,
  type BlockSeries,
  writeBlock,
} from "./block/write-block.ts";
export type { StoredChunk } from "./chunks/segment.ts";
export type { IndexedSeries, IndexReader } from "./index/reader.ts";
export type { IndexedChunk } from "./index/writer.ts";
export { createRunMerger, type RunMerger } from "./merge-runs.ts";
export { selectSeries } from "./querier.ts";
