export {
  type ColumnsFrameEncoder,
  createColumnsFrameEncoder,
  type ResultColumns,
} from "./columns-frame.ts";
export { errorDetailOf, errorOfDetail } from "./errors.ts";
export { selectionOf, selectorOf } from "./matchers.ts";
export {
  createSeriesFrameEncoder,
  type FrameChunk,
  type FramePair,
  type SeriesFrameEncoder,
} from "./series-frame.ts";
export {
  createSeriesFrameDecoder,
  type ReceivedSeries,
  type SeriesFrameDecoder,
} from "./series-frame-decoder.ts";
export { labelsOfRefs, type SymbolTable } from "./symbol-table.ts";
