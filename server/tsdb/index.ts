export {
  createXorDecoder,
  encodeXor,
  makeColumns,
  reserveSamples,
  type SampleColumns,
  type TimeRange,
  type XorDecoder,
} from "./chunkenc/index.ts";
