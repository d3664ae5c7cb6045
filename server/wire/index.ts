export {
  type RawIngesterMethods,
  RawIngesterService,
  type RawQueryStreamResponse,
} from "./ingester-raw.ts";
export {
  createSeriesFrameEncoder,
  type FrameChunk,
  type FramePair,
  type SeriesFrameEncoder,
} from "./series-frame.ts";
