export {
  type ColumnsFrameEncoder,
  createColumnsFrameEncoder,
} from "./columns-frame.ts";
export { errorDetailOf, errorOfDetail } from "./errors.ts";
export { selectionOf, selectorOf } from "./matchers.ts";
export {
  createSeriesFrameEncoder,
  type FrameChunk,
} from "./series-frame.ts";
export {
  createSeriesFrameDecoder,
  type ReceivedSeries,
} from "./series-frame-decoder.ts";
export { labelsOfRefs } from "./symbol-table.ts";
